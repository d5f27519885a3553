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
