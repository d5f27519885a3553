@core @postgres @CORE-005
Feature: PostgreSQL keeps the rows of every component
  Each consumer has a role and a database of its own, over TLS, and nobody else's.
  Encodes CORE-005; backups stand in postgres-backup.feature.

  Background:
    Given "postgres" is converged

  @tls
  Scenario: A consumer keeps rows in its database over verified TLS
    Given a throw-away consumer
    When the consumer stores 3 rows
    Then the consumer reads 3 rows
    And its connection is encrypted with "TLSv1.3"

  @negative @tls
  Scenario: A connection without encryption is refused
    Given a throw-away consumer
    When the consumer connects without encryption
    Then the request is refused because "no encryption"

  @negative @tls
  Scenario: A server under another name is not trusted
    Given a throw-away consumer
    When the consumer connects to the server under another name
    Then the request is refused because "does not match host name"

  @negative @security
  Scenario: A wrong password opens no database
    Given a throw-away consumer
    When somebody connects as the consumer with a wrong password
    Then the request is refused because "password authentication failed"

  @negative @security
  Scenario: No role enters another's database
    Given a throw-away consumer
    When the consumer connects to the database of another consumer
    Then the request is refused because "permission denied for database"
    And the consumer enters no database of a component

  @negative @security
  Scenario: A consumer cannot become more than it is
    Given a throw-away consumer
    When the consumer tries to create a role
    Then the request is refused because "permission denied to create role"
    And no role of a consumer is privileged

  @security
  Scenario: The server keeps no password that could be used elsewhere
    Then every role that signs in has a SCRAM verifier
