@platform @data @outage
Feature: What people leave in the platform outlives what happens to its machines
  Machines are switched off, and emptied for maintenance. Whatever a user left in any component before is found again afterwards, and
  what keeps nothing serves as before.

  Background:
    Given every component is converged
    And somebody has left something in each that keeps it

  Scenario: Everything is found again after the cluster was stopped and started
    When the operator stops the cluster and starts it again
    Then what was left in each is found again

  Scenario: Everything is found again after each node was drained
    When the operator drains each node in turn
    Then what was left in each is found again
