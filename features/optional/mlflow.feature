@optional @mlflow @OPT-006
Feature: MLflow keeps what was tried and what came of it
  People and their programs log runs with metrics and files, compare them in the browser, and register models.
  Encodes OPT-006.

  Background:
    Given "mlflow" is converged

  Scenario: A run with a metric and a file is logged from this machine and read back
    Given a throw-away person
    And the person has a token for MLflow
    When the person's program logs a run
    Then the run's metric and its file read as they were logged

  Scenario: A run that was logged from a pod with MLflow's own client is read back
    Given a throw-away person
    And the person has a token for MLflow
    When the person's program in a pod logs a run with MLflow's client
    Then the run's metric and its file read as they were logged

  Scenario: Files of runs lie in object storage, to which their programs have no key
    Given a throw-away person
    And the person has a token for MLflow
    When the person's program logs a run
    Then the file is in the bucket of "mlflow"

  Scenario: A model is registered and found by its alias
    Given a throw-away person
    And the person has a token for MLflow
    When the person's program registers a run as a model
    Then the model is found by its alias

  @sso
  Scenario: A person finds an experiment in the browser
    Given a throw-away person
    And the person has a token for MLflow
    And the person's program has logged a run
    When the person signs in to the "experiments" with a browser
    Then the page shows that experiment

  @sso
  Scenario: A person adds to an experiment from its page
    Given a throw-away person
    When the person signs in to "mlflow"
    Then the person makes an experiment as the page does
    But a page of another site makes none

  @sso
  Scenario: Signing out of MLflow ends the platform login
    Given a throw-away person
    When the person signs in to "mlflow" and signs out again
    Then "mlflow" asks the person for the password again

  @security @negative
  Scenario: The pages of MLflow cannot be reached past the platform login
    Then "mlflow" sends a stranger to the platform login

  @security @negative
  Scenario Outline: Nobody asks MLflow without a token of their own for it
    When somebody asks MLflow for its experiments with <token>
    Then MLflow refuses the request

    Examples:
      | token                          |
      | no token                       |
      | a token for another client     |
      | a token that was tampered with |

  @security @negative
  Scenario: MLflow answers nobody in the cluster who comes past the login proxy
    Then a program in the cluster that asks MLflow itself is refused
