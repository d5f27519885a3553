@infrastructure @control-node @CORE-001
Feature: The control node runs a Kubernetes cluster
  Everything else lives on this cluster: its API, its nodes' kubelets and the operator's own access to them.
  Encodes CORE-001, the control node.

  Background:
    Given "control-node" is converged

  Scenario: The control node is ready at the address of the inventory
    Then every control node is ready
    And every control node has its address from the inventory

  Scenario: The control plane and every kubelet are healthy
    Then the API server says that it is ready
    And the kubelet of every node says that it is healthy

  Scenario: An operator uses the cluster with kubectl and nothing but its settings
    When the operator asks kubectl for the nodes with the cluster's own settings
    Then kubectl names every node

  @negative @security
  Scenario: Nobody else on the machine can use the cluster
    Then nobody else on this machine may read the cluster's credentials
