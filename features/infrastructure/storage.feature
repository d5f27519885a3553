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
