@core @argo-cd @CORE-009
Feature: Argo CD keeps what runs as Git has it
  What developers push to a repository is delivered to the cluster, and stays as it is there: drift is healed, deletion prunes.
  Encodes CORE-009, deliveries.

  Background:
    Given "argo-cd" is converged

  @data
  Scenario: A pushed change arrives in the cluster by itself
    Given an application that delivers a letter from Git
    When a developer pushes the letter with another text
    Then the letter in the cluster reads like that

  Scenario: What somebody changes in the cluster is put back
    Given an application that delivers a letter from Git
    When somebody changes the letter in the cluster
    Then the letter in the cluster is as Git has it

  Scenario: What is deleted in Git goes from the cluster
    Given an application that delivers a letter from Git
    When a developer deletes the letter in Git
    Then there is no such letter in the cluster

  Scenario: What an application delivered goes with it
    Given an application that delivers a letter from Git
    When an operator deletes the application
    Then there is no such letter in the cluster

  @negative @security
  Scenario: A repository that its key does not open is not delivered
    Given an application whose repository its key does not open
    Then the application says that it cannot read its repository
    And there is no such letter in the cluster

  @sso
  Scenario: An administrator delivers an application with the platform login
    Given a throw-away person in the group "cluster-admins"
    And an application that delivers a letter when it is told to
    When the person signs in to Argo CD and tells it to deliver the application
    Then the letter in the cluster is as Git has it
    And Argo CD names the person and the group "cluster-admins"

  @sso @negative @security
  Scenario: A person outside the administrators sees applications and delivers none
    Given a throw-away person
    And an application that delivers a letter when it is told to
    When the person signs in to Argo CD and tries to deliver the application
    Then the request is refused because "permission denied"
    And Argo CD shows the application to the person
    And there is no such letter in the cluster

  @negative @security
  Scenario: Nobody sees applications without a login
    When a stranger asks Argo CD for its applications
    Then the request is refused because "401"

  @tls @network
  Scenario: A program delivers an application with the command line and the account for programs
    Given an application that delivers a letter when it is told to
    When a program delivers the application with Argo CD's command line
    Then the letter in the cluster is as Git has it

  @negative @security
  Scenario: The account for programs delivers applications and changes none
    Given an application that delivers a letter when it is told to
    Then the account for programs sees the application
    And it neither makes nor deletes applications

  @sso @tls @network
  Scenario: A person signs in on the command line with the platform login
    Given a throw-away person in the group "cluster-admins"
    When the person signs in on Argo CD's command line
    Then the command line names the person and the group "cluster-admins"

  @sso
  Scenario: The server's page shows what is delivered and says that the others are missing
    Given a throw-away person
    And an application that delivers a letter from Git
    When the person signs in to the "Argo CD" with a browser
    Then the page shows the heading "Argo CD runs here without its web pages"
    And the page shows that application
