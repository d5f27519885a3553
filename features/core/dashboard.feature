@core @dashboard @CORE-013
Feature: The dashboard shows the platform at a glance
  People see what there is, whether it serves now and what the cluster uses; administrators see what goes on inside.
  Encodes CORE-013.

  Background:
    Given "dashboard" is converged

  @sso
  Scenario: A person sees a tile for every component with its health
    Given a throw-away person
    When the person signs in to the "dashboard" with a browser
    Then the page shows the heading "Components"
    And the page has a tile for every component of the platform
    And every component that it stands on is shown as healthy

  @sso
  Scenario: A tile leads to a page that opens without a second password
    Given a throw-away person in the group "cluster-admins"
    And "ingress-dashboard" is converged
    And the person is signed in to the "dashboard" with a browser
    When the person follows the tile's link to "ingress-dashboard"
    Then a page of "ingress-dashboard" opens, and no password is asked for

  Scenario: A person finds a component with the keyboard alone
    Given a throw-away person
    And the person is signed in to the "dashboard" with a browser
    When the person presses "/" and types "keycloak 26"
    Then the page shows the tile of "keycloak" alone
    And pressing "Enter" opens the page of "keycloak"

  Scenario: A person sees what the cluster uses as the metrics API tells it
    Given a throw-away person
    When the person signs in to "dashboard"
    Then the charts of the dashboard say what the metrics API says
    And the chart of storage says how full a node is

  @sso
  Scenario: An administrator reads the log of a component's pod
    Given a throw-away person in the group "cluster-admins"
    And the person is signed in to the "dashboard" with a browser
    When the person opens the log of a pod of "keycloak" from its tile
    Then the page shows the region "Log"

  @sso @security @negative
  Scenario: A person who is no administrator sees no pods, events and logs
    Given a throw-away person
    When the person signs in to "dashboard"
    Then the page of "keycloak" shows the person neither pods nor events
    And the dashboard refuses the person the pods, events and logs of "keycloak" by their addresses
    And also when the person claims to be of "cluster-admins", it refuses those of "keycloak"

  @security @negative
  Scenario: The dashboard cannot be entered past the platform login
    Then "dashboard" sends a stranger to the platform login
    And the dashboard itself shows nothing to a program in the cluster that claims to be of "cluster-admins"

  @security
  Scenario: The dashboard's account may read what is shown and nothing else
    When the API server is asked what the account of "dashboard" may do
    Then it may list pods everywhere
    But it may read no Secret
    And it may write nothing

  Scenario: The dashboard can be used by everybody
    Given a throw-away person in the group "cluster-admins"
    When the person signs in to the "dashboard" with a browser
    Then accessibility rules find nothing serious on the page, light and dark, on a desk and on a phone
    And nor do they on the page of "keycloak"

  @disruptive
  Scenario: A component that has lost its pods is shown as not healthy until it has them again
    Given a throw-away person
    And "minio-console" is converged
    And the person is signed in to "dashboard"
    And the workloads of "minio-console" are deleted
    And the dashboard shows "minio-console" as "not healthy"
    When the operator converges "minio-console" again
    Then the dashboard shows "minio-console" as "healthy"
