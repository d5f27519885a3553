@core @registry @CORE-007
Feature: The registry serves the nodes and looks after itself
  Nodes pull without a password in a manifest, space is given back, and what the realm signs with is followed.
  Encodes CORE-007; who may push and pull stands in registry.

  Background:
    Given "registry" is converged

  @security
  Scenario: Every node runs a pushed image without a password in any manifest
    When a developer pushes a program's image
    Then a pod of it runs on every node, and its manifest names no Secret to pull with

  @negative @security
  Scenario: The nodes' own account may not push
    When the nodes' account tries to push an image
    Then the registry does not

  @disruptive @data
  Scenario: Collected garbage gives its space back, and what has a tag stays whole
    Given an image in the registry
    And another image that was removed again
    When an operator collects the registry's garbage
    Then the bucket holds nothing of the removed one
    And the registry takes writes and has the first one as it was pushed

  @sso @disruptive
  Scenario: New keys of the realm are followed
    Given "keycloak" is converged
    And an image in the registry
    When an operator gives the realm another key to sign with
    Then the registry lets people in with the new key before long
