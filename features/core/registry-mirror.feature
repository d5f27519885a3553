@core @registry-mirror @CORE-007
Feature: The mirror pulls images of a registry elsewhere and keeps them for a while
  What was pulled through it once is there when that registry is not. Which one it is, the inventory says.
  Encodes CORE-007.

  Background:
    Given "registry-mirror" is converged

  @sso
  Scenario: What was pulled through the mirror is there when its upstream has it no more
    Given an image of the mirror's upstream
    And a throw-away person
    And the person has pulled it through the mirror
    When its upstream loses it
    Then the person pulls it through the mirror as it was

  @sso @negative @security
  Scenario: Nobody pushes to the mirror
    When the platform's administrator tries to push to the mirror
    Then the request is refused because "UNSUPPORTED"

  @negative @security
  Scenario: A stranger pulls nothing through the mirror
    Then the mirror asks a stranger for a login
