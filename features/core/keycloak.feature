@core @keycloak @CORE-004
Feature: Keycloak knows every person and application of the platform
  One realm says who somebody is: to people, to components and to the Kubernetes API.
  Encodes CORE-004; who is let in, and who is not, stands in keycloak-logins and keycloak-kubernetes.

  Background:
    Given "keycloak" is converged

  @tls
  Scenario: Keycloak's host is certified
    Then every host of "keycloak" presents a certificate from the platform's issuer

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

  @data @disruptive @time-consuming
  Scenario: People survive the loss of Keycloak's pod
    Given a throw-away person
    When every pod of "keycloak" is deleted
    Then every workload of "keycloak" is ready
    And the person can sign in

  @resources @security
  Scenario: Keycloak runs bounded, watched and unprivileged
    Then every workload of "keycloak" is ready
    And every container of "keycloak" has resource requests and limits
    And every container of "keycloak" has liveness and readiness probes
    And "keycloak" runs no container as root
    And "keycloak" keeps no credential outside a Secret

  @rollback @data
  Scenario: Rolling Keycloak back and converging it finds people again
    Given a throw-away person
    When the operator rolls "keycloak" back and converges it again
    Then all that was taken away was made anew
    And the person can sign in

  @idempotence
  Scenario: A second converge of Keycloak changes nothing
    When the operator converges "keycloak" again
    Then nothing was written
    And "keycloak" has not drifted
