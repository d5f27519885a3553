@core @harness @CORE-011
Feature: The platform deploys, verifies and removes optional components by itself
  The harness runs in the platform it has made: as a Job, or as a workflow that starts one. A run may work on one component and nothing
  else, and its report is kept in object storage. Encodes CORE-011: what AWX's job templates run, with or without AWX.

  Background:
    Given "harness" is converged

  @time-consuming
  Scenario: A Job verifies a component from inside the platform
    Given "valkey" is converged
    When an operator starts a Job that has the harness verify "valkey"
    Then the run inside ends well
    And its report in object storage says that scenarios of "valkey" passed

  @time-consuming
  Scenario: A workflow deploys a component from inside the platform
    Given "valkey" is converged
    When automation submits the workflow that has the harness deploy "valkey"
    Then the workflow succeeds
    And its report in object storage says that scenarios of "valkey" passed

  @rollback
  Scenario: Workflows remove a component and deploy it again, with what was left in it
    Given nothing requires "valkey"
    And somebody has left keys and users in "valkey"
    When automation submits the workflows that have the harness remove "valkey" and deploy it again
    Then every workload of "valkey" is ready
    And what was left in "valkey" is found again

  @negative
  Scenario: A run inside takes nothing away that another component stands on
    Given something requires "valkey"
    When an operator starts a Job that has the harness remove "valkey"
    Then the run inside ends badly and says "required by"
    And every workload of "valkey" is ready

  @negative @security
  Scenario: A run inside may work on its component and nothing else
    Then the account that works on "valkey" changes nothing of other components
    And it reads no Secret of another component
