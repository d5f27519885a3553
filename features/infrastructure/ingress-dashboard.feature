@infrastructure @ingress-dashboard @CORE-001
Feature: The ingress's dashboard opens with the platform login
  Administrators see routes and services as the ingress does; an application without users of its own gets the platform's.
  Encodes CORE-001, the ingress as an operator sees it, and the pattern for applications without OpenID Connect.

  Background:
    Given "ingress-dashboard" is converged

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
  Scenario: A session at the dashboard outlives the pods of Valkey
    Given a throw-away person in the group "cluster-admins"
    And the person is signed in to "ingress-dashboard"
    When every pod of "valkey" is deleted
    Then every workload of "valkey" is ready
    And every workload of "ingress-dashboard" is ready
    And "ingress-dashboard" lets the person see "/api/overview"
