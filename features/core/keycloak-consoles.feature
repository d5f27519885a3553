@core @keycloak @CORE-004
Feature: Keycloak's consoles open in a person's browser
  What people and administrators see of Keycloak, seen as they see it.
  Encodes CORE-004, the account and administration consoles.

  Background:
    Given "keycloak" is converged

  @sso
  Scenario: A person sees the own account in the account console
    Given a throw-away person
    When the person signs in to the "account console" with a browser
    Then the page shows the heading "Personal info"
    And the page shows the person's name

  @sso
  Scenario: Keycloak's administrator sees the platform's realm in the administration console
    Given Keycloak's administrator
    When the person signs in to the "administration console" with a browser
    Then the page shows "HTML Display name"

  @sso @negative
  Scenario: A wrong password leaves a person at the login form
    Given a throw-away person
    When the person tries the "account console" with a browser and a wrong password
    Then the page shows "Invalid username or password"

  @tls @negative
  Scenario: A browser that does not know the platform's authority refuses its pages
    Then a browser that trusts another authority does not open the "account console"
