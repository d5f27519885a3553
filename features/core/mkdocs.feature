@core @mkdocs @CORE-012
Feature: The documentation is a site that people read and go on writing
  Its pages lie in a Git repository; what somebody pushes is built and served behind the platform login.
  Encodes CORE-012.

  Background:
    Given "mkdocs" is converged

  @sso
  Scenario: A person reads the platform's documentation with the platform login
    Given a throw-away person
    When the person signs in to the "documentation" with a browser
    Then the page shows the heading "Thinkube"
    And the site has every page that is in its repository

  @sso
  Scenario: A person finds a page of the documentation by a word in it
    Given a throw-away person
    And the person is signed in to the "documentation" with a browser
    When the person searches the documentation for "keepsakes"
    Then the search shows the section "Keepsakes"

  @data @exclusive
  Scenario: What somebody pushes to the documentation is read soon after
    Given a throw-away person
    When somebody pushes a new page of the documentation
    Then the person reads that page

  @negative @exclusive
  Scenario: A page of the documentation with a broken link leaves the site as it was
    Given a throw-away person
    When somebody pushes a page of the documentation with a broken link
    Then the workflow that was to build it says which link of which page leads nowhere
    And a run of the platform says so too
    And the person reads the site as it was

  @data
  Scenario: The platform's own pages stay beside what people have made of the documentation
    Then the branch "platform" of the documentation has every page of this version of the platform

  @sso
  Scenario: Signing out of the documentation ends the platform login
    Given a throw-away person
    When the person signs in to "mkdocs" and signs out again
    Then "mkdocs" asks the person for the password again

  @security @negative
  Scenario: Nobody reads the documentation without the platform login
    Then "mkdocs" sends a stranger to the platform login

  @security @negative
  Scenario: Who delivers the documentation may change what is served and nothing else
    Then the account that delivers the documentation may do nothing else in the cluster
