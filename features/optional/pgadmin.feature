@optional @pgadmin @OPT-009
Feature: pgAdmin shows administrators the platform's databases
  Who administers the cluster looks into its databases with a browser and the platform login, and types no other password.
  Encodes OPT-009.

  Background:
    Given "pgadmin" is converged

  @sso
  Scenario: An administrator finds the platform's server in the browser
    Given a throw-away person in the group "cluster-admins"
    When the person signs in to the "databases" with a browser
    Then unfolding the servers shows the platform's

  @sso
  Scenario: A query that an administrator sends from the page is answered
    Given a throw-away person in the group "cluster-admins"
    When the person runs a query in pgAdmin
    Then the query was answered by the platform's PostgreSQL to a role of pgAdmin's own

  Scenario: An administrator looks into another component's database
    Given a throw-away person in the group "cluster-admins"
    When the person asks Keycloak's database for its realms in pgAdmin
    Then the answer names the platform's realm

  @security
  Scenario: What an administrator sets up in pgAdmin is that person's alone
    Given a throw-away person in the group "cluster-admins"
    When the person makes a group of servers in pgAdmin
    Then another administrator does not see that group

  @sso @negative
  Scenario: A person who is no administrator sees no databases
    Given a throw-away person
    When the person tries to sign in to "pgadmin"
    Then "pgadmin" refuses the person

  @sso
  Scenario: Signing out of pgAdmin ends the platform login
    Given a throw-away person in the group "cluster-admins"
    When the person signs in to "pgadmin" and signs out again
    Then "pgadmin" asks the person for the password again

  @security @negative
  Scenario: The pages of databases cannot be reached past the platform login
    Then "pgadmin" sends a stranger to the platform login
    And a program in the cluster that asks pgAdmin itself, in whose name ever, is refused
