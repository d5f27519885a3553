@platform @sso
Feature: One login opens the whole platform, and its end counts everywhere
  People type one password once, for every page of every component. Where they may go follows from their groups as these are now, and
  who signs out of the platform is out of every page that follows its login.

  Background:
    Given every component is converged

  Scenario: A person who has typed one password opens every page of the platform
    Given a throw-away person in the group "cluster-admins"
    When the person signs in
    Then every page that signs people in opens to the person without a password

  @time-consuming
  Scenario: Signing out of the platform closes every page that follows its login
    Given a throw-away person in the group "cluster-admins"
    And the person is signed in
    And the person has opened every page that signs people in
    When the person signs out
    Then the person is asked for the password again
    And every page that follows the platform login closes to the person

  @negative @security
  Scenario: A new member of a group opens what was closed, and nothing is started anew for it
    Given a throw-away person
    And the person is signed in
    And pages that do not open to the person
    When an administrator takes the person into the group "cluster-admins"
    Then those pages open to the person without a password
    And nothing was started anew for it
