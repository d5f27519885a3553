@infrastructure @storage @CORE-001
Feature: Storage keeps what pods write
  A claim without further words gets a volume on the node of its pod, and what was written outlives the pod.
  Encodes CORE-001, the default storage class.

  Background:
    Given "storage" is converged

  Scenario: A claim needs to name no storage class
    Then exactly one storage class is the default

  @data
  Scenario: What an unprivileged pod wrote is there after the pod is gone
    Given a throw-away volume
    When a pod writes "still here" to the volume and is deleted
    Then another pod reads "still here" from the volume

  @resources @security
  Scenario: Storage runs bounded, watched and unprivileged
    Then every workload of "storage" is ready
    And every container of "storage" has resource requests and limits
    And every container of "storage" has liveness and readiness probes
    And "storage" runs no container as root
    And "storage" keeps no credential outside a Secret

  @rollback @data
  Scenario: Rolling storage back and converging it finds volumes again
    Given a throw-away volume
    And a pod has written "still here" to the volume
    When the operator rolls "storage" back and converges it again
    Then all that was taken away was made anew
    And another pod reads "still here" from the volume

  @idempotence
  Scenario: A second converge of storage changes nothing
    When the operator converges "storage" again
    Then nothing was written
    And "storage" has not drifted
