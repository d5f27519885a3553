@optional @jupyterhub @OPT-004
Feature: JupyterHub gives everybody a notebook server of their own
  People sign in with the platform login and work in a pod of theirs, whose files stay when it ends.
  Encodes OPT-004.

  Background:
    Given "jupyterhub" is converged

  @sso
  Scenario: A person works in a notebook of their own with a browser
    Given a throw-away person
    And the person's notebook server has been started
    When the person signs in to the "notebooks" with a browser
    Then the page shows "Python 3 (ipykernel)"

  Scenario: A cell runs in a person's notebook server
    Given a throw-away person
    When the person runs a cell in a notebook server
    Then the cell has printed its answer

  @data
  Scenario: Files outlive the server that they were written in
    Given a throw-away person
    And the person has written a file in a notebook server
    When the person's server is ended and started again
    Then the person's file reads as it was

  @security @negative
  Scenario: Nobody comes into another person's notebook server
    Given a throw-away person
    And the person has written a file in a notebook server
    When another person asks for the file
    Then the request is refused because "403"

  @security
  Scenario: Members of the administrators' group administer JupyterHub, and others do not
    Given a throw-away person in the group "cluster-admins"
    When the person comes to JupyterHub
    Then JupyterHub knows the person as an administrator
    But it knows another person as none

  @security @resources
  Scenario: A person's server is bounded, unprivileged and without a token of the cluster
    Given a throw-away person
    When the person's notebook server is started
    Then the server's pod is bounded and unprivileged
    And it holds no token of the cluster
    And an administrator's gets more memory

  @security @negative
  Scenario: Notebooks cannot be reached past the platform login
    Then JupyterHub sends a stranger to the platform login

  @security
  Scenario: The hub may make pods and volumes of people, and nothing elsewhere
    When the API server is asked what the account of "jupyterhub" may do
    Then it may read no Secret
    And it may write nothing outside "jupyterhub"
