@platform @security
Feature: A generated secret can be replaced everywhere at once
  Passwords are made once and kept; when one has been seen by somebody, an operator gives it a new value.
  What uses it goes on working, and whoever knows the old value is refused.

  @rotation @sso
  Scenario: People sign in after every password of Keycloak's was replaced
    Given "keycloak" is converged
    And a throw-away person
    And somebody has seen every Secret of "keycloak"
    When the operator rotates what was seen
    Then the person can sign in
