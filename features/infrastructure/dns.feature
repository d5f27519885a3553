@infrastructure @dns @CORE-001 @network
Feature: Names of the platform resolve inside the cluster
  Pods and nodes find every host of the platform's domain at the ingress, and services by their names, without the machine's own DNS.
  Encodes CORE-001, cluster DNS and the private domain.

  Background:
    Given "dns" is converged
    And a throw-away pod on every node

  Scenario: Pods find the platform's hosts and the cluster's services
    Then each of these pods finds the ingress under "auth" of the domain
    And each of these pods finds the ingress under "hello.kn" of the domain
    And each of these pods finds the API server by its service name

  Scenario: Nodes find the platform's hosts
    Then every node finds the ingress under "auth" of the domain
    And every node finds the ingress under "hello.kn" of the domain

  @negative
  Scenario: Names outside the platform do not lead to it
    Then none of these pods finds anything under "auth.thinkube.invalid"

  @disruptive
  Scenario: Names resolve again after the cluster's DNS was restarted
    When the operator restarts the cluster's DNS
    Then every replica of the cluster's DNS answers for "auth" of the domain
    And each of these pods finds the ingress under "auth" of the domain
    And every node finds the ingress under "auth" of the domain
