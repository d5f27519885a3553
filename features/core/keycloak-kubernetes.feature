@core @keycloak @CORE-004 @sso @security
Feature: The Kubernetes API knows people by their platform login
  The API server accepts the realm's ID tokens, and the group decides who administers the cluster.
  Encodes CORE-004.

  Background:
    Given "keycloak" is converged
    And the API server trusts the realm

  Scenario: A member of cluster-admins administers the cluster
    Given a throw-away person in the group "cluster-admins"
    And the person is signed in
    When the person lists the cluster's nodes
    Then the API server shows every node

  Scenario: The platform's administrator is such a member
    Given the platform's administrator
    And the person is signed in
    When the person lists the cluster's nodes
    Then the API server shows every node

  @negative
  Scenario: A person outside the group is known and refused
    Given a throw-away person
    And the person is signed in
    When the person lists the cluster's nodes
    Then the API server knows the person and says that this is forbidden

  @negative
  Scenario: An access token is no login
    Given a throw-away person in the group "cluster-admins"
    And a throw-away application whose tokens are all for the API server
    When the person signs in to that application
    Then the API server takes the ID token for a login, and not the access token

  @negative
  Scenario: A tampered token is believed by nobody
    Given a throw-away person
    And the person is signed in
    When somebody writes another name into the person's token
    Then the API server does not know whose token this is
    And no application believes the token

  @negative
  Scenario: An expired token opens nothing
    Given a throw-away person in the group "cluster-admins"
    And a throw-away application whose tokens last a moment
    And a token of that application opens the API server
    When the person keeps another one until it has expired
    Then the API server does not know whose token this is
