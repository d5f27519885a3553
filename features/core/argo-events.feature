@core @argo-events @CORE-008
Feature: Argo Events starts work when something happens
  Event sources put what they hear on a bus that keeps it; sensors take it from there and start workflows.
  Encodes CORE-008, events.

  Background:
    Given "argo-events" is converged

  @network
  Scenario: An HTTP event starts a workflow
    Given a throw-away event source with a sensor that starts a workflow
    When somebody sends an event
    Then the workflow that the event names succeeds

  @negative
  Scenario: A request that is no event starts nothing
    Given a throw-away event source with a sensor that starts a workflow
    Then a request to another path is told that there is no such page

  @data @disruptive
  Scenario: An event starts a workflow after the bus has lost its pod
    Given a throw-away event source with a sensor that starts a workflow
    And every pod of "argo-events" was deleted
    When somebody sends an event
    Then the workflow that the event names succeeds

  @negative @tls @security
  Scenario: Nobody uses the bus without a certificate for it
    Then the bus answers nobody who shows no certificate
