@core @awx @CORE-011
Feature: AWX deploys, verifies and removes optional components from its pages
  Job templates ask the harness, with the platform's login, where AWX's images can be had.
  They could not be had so far: no scenario of this file has ever run, nor a standard promise of AWX's. Encodes CORE-011.

  Background:
    Given "awx" is converged

  @sso @security
  Scenario: A member of its administrators' group administers AWX
    Given a throw-away person in the group "awx-admins"
    And the operator has converged "awx" since the person joined
    When the person signs in to AWX
    Then AWX lets the person administer it

  @sso @negative @security
  Scenario: A person outside the group of its administrators does not administer AWX
    Given a throw-away person
    When the person signs in to AWX
    Then AWX does not let the person administer it

  @sso @negative @security
  Scenario: A disabled person signs in to AWX no more
    Given a throw-away person in the group "awx-admins"
    And an administrator disables the person
    When the person tries to sign in to AWX
    Then the request is refused because "disabled"

  @negative @security
  Scenario: Nobody sees job templates without a login
    When a stranger asks AWX for its job templates
    Then the request is refused because "401"

  Scenario: Every component that the harness inside can work on has its job templates
    Then AWX has a job template to deploy, verify and remove each of them

  @time-consuming
  Scenario: A job that verifies a component succeeds and tells what the harness said
    When automation starts the job "Verify valkey" of AWX
    Then the job succeeds
    And its output shows scenarios of "valkey"
