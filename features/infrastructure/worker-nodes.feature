@infrastructure @worker-nodes @CORE-002
Feature: Worker nodes run the platform's pods
  Workers join the control node, carry pods and nothing of the control plane, and reach each other's pods.
  Encodes CORE-002.

  Background:
    Given "worker-nodes" is converged

  Scenario: Every worker is ready at the address of the inventory
    Then every worker node is ready
    And every worker node takes pods
    And every worker node has its address from the inventory

  Scenario: Workers are workers only
    Then no worker runs a part of the control plane

  @network
  Scenario: Pods run on every node and reach each other across nodes
    Given a throw-away pod on every node
    When each of these pods calls every other one by its address
    Then each of these pods runs where it was put
    And every call is answered by the pod that was called

  @security @negative
  Scenario: A token that lets a node join is worthless after five minutes
    Then no token that lets a node join is valid for longer than 300 seconds
