@core @keycloak @CORE-004 @sso
Feature: People sign in once, and only those who may
  Every login is a real one: a browser with cookies, redirects, the login form and the authorization code flow.
  Encodes CORE-004.

  Background:
    Given "keycloak" is converged

  Scenario: A person signs in with the platform login
    Given a throw-away person in the group "cluster-admins"
    When the person signs in
    Then the person's tokens name the person and the group "cluster-admins"

  Scenario: One login serves every application
    Given a throw-away person
    And the person is signed in
    When the person opens another application
    Then the person's tokens name the person

  Scenario: Tokens are renewed while the person is signed in
    Given a throw-away person
    And the person is signed in
    When the application renews the person's tokens
    Then the person's tokens name the person

  Scenario: Signing out ends the session
    Given a throw-away person
    And the person is signed in
    When the person signs out
    Then the person is asked for the password again
    And the tokens from before are worth nothing

  @negative
  Scenario: Nobody gets an account without being given one
    When a stranger asks for an account
    Then the stranger is told that nobody registers here

  @negative
  Scenario: A wrong password is refused
    Given a throw-away person
    When somebody tries the person's name with a wrong password
    Then the request is refused because "Invalid username or password"

  @negative
  Scenario: A disabled person is refused
    Given a throw-away person
    And an administrator disables the person
    When the person tries to sign in
    Then the request is refused because "Account is disabled"

  @negative
  Scenario: Guessing passwords locks the account
    Given a throw-away person
    When somebody guesses the person's password again and again
    Then not even the right password signs the person in

  Scenario: An unlocked account is open again
    Given a throw-away person
    And wrong passwords have locked the person's account
    When an administrator unlocks the account
    Then the person can sign in

  @negative
  Scenario: The answer to another login is not accepted
    Given a throw-away person
    When the answer to another login is put into the person's browser
    Then the request is refused because "state"

  @negative
  Scenario: A code is good for one redemption
    Given a throw-away person
    When somebody redeems the person's code a second time
    Then the request is refused because "Code not valid"

  @negative
  Scenario: Nobody is sent to an address that no application named
    Given a throw-away person
    When the person is sent back to an address that the application never named
    Then the request is refused because "redirect_uri"

  @negative @security
  Scenario Outline: Nobody gives themselves rights
    Given a throw-away person
    When the person writes the attribute "<attribute>" into the own account
    Then the person has no "<attribute>"

    Examples:
      | where          | attribute |
      | object storage | policy    |
      | the registry   | registry  |
