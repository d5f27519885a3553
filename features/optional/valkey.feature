@optional @valkey @OPT-011
Feature: Valkey keeps keys in memory and on disk
  Sessions, caches and messages between programs: quick, behind TLS and passwords, and still there after a restart.
  Encodes OPT-011.

  Background:
    Given "valkey" is converged

  Scenario: A key that was set can be read until it is removed
    When a developer sets a key
    Then the key reads as it was set
    And the key reads as nothing once it is removed

  Scenario: A key that expires is gone when its time is over
    When a developer sets a key that expires
    Then the key says when it expires
    And the key reads as nothing once its time is over

  Scenario: A message reaches whoever listens to its channel
    When a developer publishes a message to a channel with a listener
    Then the listener hears the message

  Scenario: Every server follows the one that takes writes
    When a developer sets a key
    Then every server of Valkey has the key

  @negative @security
  Scenario: Valkey answers nobody without the right password
    Then Valkey refuses a client that gives no password
    And Valkey refuses a client that gives a wrong password

  @negative @security
  Scenario: A consumer reaches its own keys and no other
    Given a throw-away consumer of Valkey
    Then the consumer may use its own keys
    And the consumer may not read the keys of others
    And the consumer may not administer Valkey

  @tls @security
  Scenario: Valkey is reached over verified TLS only
    Then a client that verifies Valkey's certificate is answered
    And a client without TLS is not answered
