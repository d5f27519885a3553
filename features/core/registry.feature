@core @registry @CORE-007
Feature: The registry keeps images for people and components
  Images are pushed and pulled with the platform login; what somebody may do, an attribute of people and groups says.
  Encodes CORE-007.

  Background:
    Given "registry" is converged

  @sso
  Scenario: A developer pushes an image with the platform login and pulls it again
    Given a throw-away person in the group "registry-writers"
    When the person pushes an image
    Then the person pulls it by its tag as it was pushed
    And the person pulls it by its digest as it was pushed

  @sso
  Scenario: A large image travels whole
    Given a throw-away person in the group "registry-writers"
    When the person pushes an image of 24 MiB
    Then the person pulls it by its digest as it was pushed

  @sso @negative @security
  Scenario: A reader pulls images and may not push any
    Given an image in the registry
    And a throw-away person
    When the person tries to push an image
    Then the request is refused because "401 Unauthorized"
    But the person pulls it by its tag as it was pushed

  @sso @security
  Scenario Outline: What a person's own attribute says opens that and nothing else
    Given a throw-away person who may "<rights>" in the registry
    When the person tries to push an image
    Then the registry <answers>

    Examples:
      | rights                      | answers        |
      | throw-away/*:pull,push      | takes it       |
      | throw-away/images:pull,push | takes it       |
      | others/*:pull,push          | does not       |
      | throw-away/*:pull           | does not       |

  @negative @security
  Scenario: A stranger neither pushes nor pulls
    Given an image in the registry
    When a stranger tries to push an image
    Then the stranger is refused, and pulls no image either

  @sso @negative @security
  Scenario: A wrong password opens nothing in the registry
    Given a throw-away person in the group "registry-writers"
    When somebody tries to push an image with the person's name and a wrong password
    Then the request is refused because "401"

  @sso @negative @security
  Scenario: A disabled person is refused by the registry
    Given a throw-away person in the group "registry-writers"
    And an administrator disables the person
    When the person tries to push an image
    Then the request is refused because "401"

  @security
  Scenario: A robot account pushes and pulls for programs
    When the robot account of "registry" pushes an image
    Then the robot account pulls it by its digest as it was pushed

  @sso
  Scenario: Programs that share an account log in at the same moment
    When 8 programs log in to the registry at once with the robot account of "registry"
    Then the registry lets every one of them in

  @sso @security
  Scenario: An administrator removes an image, a developer may not
    Given an image in the registry
    And a throw-away person in the group "registry-writers"
    When the person tries to remove the image
    Then the request is refused because "401 Unauthorized"
    But the platform's administrator removes it
