@core @postgres-backup @CORE-005 @data
Feature: PostgreSQL's databases come back from object storage
  Every night each database is dumped into a bucket of its own; a backup is worth what its restore is worth.
  Encodes CORE-005.

  Background:
    Given "postgres-backup" is converged

  @time-consuming
  Scenario: A backup can be restored
    Given a throw-away consumer
    And the consumer has stored 3 rows
    When the operator backs up every database
    Then object storage holds a dump of the consumer's database
    And the dump brings 3 rows back into an empty database

  Scenario: A backup is made every night
    Then every database is backed up at night without being asked

  @negative @security
  Scenario: The backup's access key opens its own bucket only
    Then the access key of "postgres-backup" opens the bucket "postgres-backup" and no other
