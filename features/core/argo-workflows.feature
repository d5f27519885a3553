@core @argo-workflows @CORE-008
Feature: Argo Workflows does work in steps
  Each step is a pod; the files that steps hand on and the logs that they leave are kept in object storage.
  Encodes CORE-008, workflows.

  Background:
    Given "argo-workflows" is converged

  @data
  Scenario: One step hands a file to the next
    When automation submits a workflow whose first step hands a file to the second
    Then the workflow succeeds
    And the second step has read what the first wrote

  @data @sso
  Scenario: The log of a step is read after its pod is gone
    Given a throw-away person in the group "workflow-viewers"
    And a workflow has ended and its pods are gone
    When the person signs in to Argo Workflows
    Then the person reads the log and the file of its steps
    And object storage holds both

  @negative
  Scenario: A workflow that fails is reported as failed
    When automation submits a workflow whose step ends with exit code 3
    Then the workflow is reported as failed with exit code 3

  @sso
  Scenario: A person of a group sees workflows with the platform login
    Given a throw-away person in the group "workflow-viewers"
    When the person signs in to Argo Workflows
    Then Argo Workflows names the person and the group "workflow-viewers"
    And Argo Workflows lists its workflows to the person

  @sso
  Scenario: An administrator starts a workflow with the platform login
    Given a throw-away person in the group "cluster-admins"
    When the person signs in to Argo Workflows
    Then the person starts a workflow, which succeeds

  @sso @negative @security
  Scenario: A person who may only look starts nothing
    Given a throw-away person in the group "workflow-viewers"
    When the person signs in to Argo Workflows and tries to start a workflow
    Then the request is refused because "cannot create resource"

  @sso @negative @security
  Scenario: A person outside the groups is refused
    Given a throw-away person
    When the person signs in to Argo Workflows and asks who is signed in
    Then the request is refused because "not allowed"

  @negative @security
  Scenario: Nobody sees workflows without a login
    When a stranger asks Argo Workflows for its workflows
    Then the request is refused because "token not valid"

  @negative @security
  Scenario: The token for automation opens workflows and nothing else
    Then the token for automation lists workflows
    And it opens nothing else in the cluster

  @sso
  Scenario: The server's page says that the others are missing
    Given a throw-away person in the group "workflow-viewers"
    When the person signs in to the "Argo Workflows" with a browser
    Then the page shows the heading "Argo Workflows runs here without its web pages"
    And the link "Sign in and see who you are" leads to the person's name

  @tls @network
  Scenario: The command line asks the server by gRPC
    When automation submits a workflow whose step asks the server by gRPC
    Then the workflow succeeds
    And that step has seen the workflow itself
