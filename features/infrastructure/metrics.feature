@infrastructure @metrics @CORE-001
Feature: Metrics tell what nodes and pods use
  People and autoscalers ask the cluster itself how much processor and memory is in use now.
  Encodes CORE-001, the metrics add-on.

  Background:
    Given "metrics" is converged

  Scenario: An operator sees what every node uses
    Then the metrics API tells processor and memory of every node

  Scenario: An operator sees what pods use
    Then the metrics API tells processor and memory of the pods of "metrics"

  @tls @security
  Scenario: Neither side of the metrics API is trusted without a certificate
    Then the API server verifies who answers for metrics
    And "metrics" verifies every kubelet that it asks

  @resources @security
  Scenario: Metrics run bounded, watched and unprivileged
    Then every workload of "metrics" is ready
    And every container of "metrics" has resource requests and limits
    And every container of "metrics" has liveness and readiness probes
    And "metrics" runs no container as root
    And "metrics" keeps no credential outside a Secret

  @rollback
  Scenario: Metrics are there again after a rollback and a converge
    When the operator rolls "metrics" back and converges it again
    Then all that was taken away was made anew
    And every workload of "metrics" is ready
    And the metrics API tells processor and memory of every node

  @idempotence
  Scenario: A second converge of metrics changes nothing
    When the operator converges "metrics" again
    Then nothing was written
    And "metrics" has not drifted
