@core @keycloak @CORE-004
Feature: Keycloak knows every person and application of the platform
  One realm says who somebody is: to people, to components and to the Kubernetes API.
  Encodes CORE-004; who is let in, and who is not, stands in keycloak-logins and keycloak-kubernetes.

  Background:
    Given "keycloak" is converged

  Scenario: The realm has one issuer URL, on the domain and over TLS
    Then the realm calls itself "auth" of the domain

  Scenario: Keycloak runs in production mode
    Then Keycloak was started in production mode
    And the database "keycloak" holds its realms and users

  @tls @sso
  Scenario: An operator administers Keycloak through the ingress
    When an operator signs in to Keycloak's administration console
    Then the operator may read the realm
    And nobody without a login may

  Scenario: Health is told on the management port only
    Then Keycloak is healthy on its management port
    And nobody finds its health through the ingress

  Scenario Outline: A program gets tokens for the right password only
    Given a throw-away person
    When a program asks the token endpoint with <which> password
    Then it is told "<answer>"

    Examples:
      | which        | answer        |
      | the person's | granted       |
      | a wrong      | invalid_grant |
