@infrastructure @ingress-dashboard @CORE-001
Feature: The ingress's dashboard opens with the platform login
  Administrators see routes and services as the ingress does; an application without users of its own gets the platform's.
  Encodes CORE-001, the ingress as an operator sees it, and the pattern for applications without OpenID Connect.

  Background:
    Given "ingress-dashboard" is converged

  @tls
  Scenario: The host of the dashboard is certified
    Then every host of "ingress-dashboard" presents a certificate from the platform's issuer

  @sso
  Scenario: An administrator sees the dashboard with the platform login
    Given the platform's administrator
    When the person signs in to the "ingress dashboard" with a browser
    Then the page shows the heading "Entrypoints"

  @sso
  Scenario: An administrator asks the dashboard for the ingress's routes
    Given a throw-away person in the group "cluster-admins"
    When the person signs in to "ingress-dashboard"
    Then "ingress-dashboard" lets the person see "/api/http/routers"

  @sso @negative
  Scenario: A person who is no administrator is refused at the dashboard
    Given a throw-away person
    When the person tries to sign in to "ingress-dashboard"
    Then "ingress-dashboard" refuses the person

  @sso
  Scenario: Signing out of the dashboard ends the platform login
    Given a throw-away person in the group "cluster-admins"
    When the person signs in to "ingress-dashboard" and signs out again
    Then "ingress-dashboard" asks the person for the password again

  @security @negative
  Scenario: The dashboard cannot be reached past the platform login
    Then "ingress-dashboard" sends a stranger to the platform login
    And the ingress shows its dashboard to nobody in the cluster

  @data @disruptive
  Scenario Outline: A session at the dashboard outlives the pods of <component>
    Given a throw-away person in the group "cluster-admins"
    And the person is signed in to "ingress-dashboard"
    When every pod of "<component>" is deleted
    Then every workload of "<component>" is ready
    And every workload of "ingress-dashboard" is ready
    And "ingress-dashboard" lets the person see "/api/overview"

    Examples:
      | component         |
      | ingress-dashboard |
      | valkey            |

  @resources @security
  Scenario: The dashboard's login runs bounded, watched and unprivileged
    Then every workload of "ingress-dashboard" is ready
    And every container of "ingress-dashboard" has resource requests and limits
    And every container of "ingress-dashboard" has liveness and readiness probes
    And "ingress-dashboard" runs no container as root
    And "ingress-dashboard" keeps no credential outside a Secret

  @rollback @data @sso
  Scenario: Rolling the dashboard back and converging it finds sessions again
    Given a throw-away person in the group "cluster-admins"
    And the person is signed in to "ingress-dashboard"
    When the operator rolls "ingress-dashboard" back and converges it again
    Then all that was taken away was made anew
    And "ingress-dashboard" lets the person see "/api/overview"

  @idempotence
  Scenario: A second converge of the dashboard changes nothing
    When the operator converges "ingress-dashboard" again
    Then nothing was written
    And "ingress-dashboard" has not drifted
