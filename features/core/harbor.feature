@core @harbor @CORE-007
Feature: Harbor keeps images in projects with the platform login
  A registry with pages, projects, robots, retention and a proxy of a registry elsewhere, where Harbor's images can be had.
  They could not be had so far: no scenario of this file has ever run, nor a standard promise of Harbor's. Encodes CORE-007.

  Background:
    Given "harbor" is converged

  @sso
  Scenario: A developer pushes an image to a project and pulls it by its digest
    Given a throw-away person in the group "registry-writers"
    When the person signs in to Harbor
    Then the person's programs push an image to the project and pull it by its digest

  @sso @security
  Scenario Outline: Whoever is in the group of its administrators administers Harbor
    Given a throw-away person in the group "<group>"
    When the person signs in to Harbor
    Then Harbor lets the person <rights>

    Examples:
      | group            | rights               |
      | harbor-admins    | administer it        |
      | registry-writers | not administer it    |

  @sso @negative @security
  Scenario: A person of no group neither pushes to the project nor pulls from it
    Given an image in the project
    And a throw-away person
    When the person signs in to Harbor
    Then the person's programs are refused, whether they push or pull

  @sso @negative @security
  Scenario: A disabled person signs in to Harbor no more
    Given a throw-away person in the group "registry-writers"
    And an administrator disables the person
    When the person tries to sign in to Harbor
    Then the request is refused because "disabled"

  @negative @security
  Scenario: A stranger neither pushes to Harbor nor pulls from it
    Given an image in the project
    When a stranger tries to push an image to Harbor
    Then the stranger is refused by Harbor, and pulls no image either

  @security
  Scenario: A robot of Harbor's pushes and pulls for programs
    When the robot "platform" pushes an image to Harbor
    Then the robot "platform" pulls it from Harbor by its digest

  @negative @security
  Scenario: A robot that may only pull pushes nothing
    When the robot "nodes" tries to push an image to Harbor
    Then the request is refused because "unauthorized"

  @network @security
  Scenario: Every node runs an image of Harbor's without a password in a manifest
    When a developer pushes a program's image to Harbor
    Then a pod of Harbor's image runs on every node, and its manifest names no Secret to pull with

  @network
  Scenario: An image of a registry elsewhere is pulled through Harbor
    Given a registry elsewhere that Harbor pulls through
    When the robot "nodes" asks Harbor for the versions of an image there
    Then Harbor names some

  @data
  Scenario: A project keeps the images that were pushed last
    Then Harbor keeps the 10 images that were pushed last to each repository of the project
