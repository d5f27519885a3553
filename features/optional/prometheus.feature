@optional @prometheus @OPT-001
Feature: Prometheus keeps what the platform measures
  Operators and programs ask what was when, and are told when something is wrong; whoever has metrics says so and is found.
  Encodes OPT-001.

  Background:
    Given "prometheus" is converged

  Scenario: Everything that has metrics is scraped
    Then every target of Prometheus is up
    And the API server and every kubelet are among the targets
    And every component that says that it has metrics is among the targets

  @security @tls
  Scenario: Kubernetes is scraped over verified TLS, by an account that may only read
    When the API server is asked what the account of "prometheus" may do
    Then Prometheus asks the API server and the kubelets over verified TLS
    And it may read no Secret
    And it may write nothing

  Scenario: A query tells what a pod uses
    Then a query tells the memory of the pods of "keycloak"

  Scenario: A program's metrics are found once its pod says that it has some
    Given a throw-away pod with metrics
    When the pod says that it has metrics
    Then a query tells the value that the pod measures

  Scenario: A program's metrics are found once its service says that it has some
    Given a throw-away pod with metrics
    When a service of the pod says that it has metrics
    Then a query tells the value that the pod measures

  @time-consuming
  Scenario: An alert is raised when something is not scraped, and ends when it is gone
    Given a throw-away pod that says it has metrics and has none
    Then the alert "TargetDown" is raised for the pod
    And the alert ends once the pod is removed

  Scenario: Every rule for alerts is loaded and can be evaluated
    Then Prometheus has loaded every rule for alerts
    And none of them fails

  @sso
  Scenario: An administrator finds rules and alerts with a browser
    Given a throw-away person in the group "cluster-admins"
    When the person signs in to the "metrics" with a browser
    Then the link "Alerts" leads to "TargetDown"

  @sso @negative
  Scenario: A person who is no administrator sees no metrics
    Given a throw-away person
    When the person tries to sign in to "prometheus"
    Then "prometheus" refuses the person

  @security @negative
  Scenario: The pages of metrics cannot be reached past the platform login
    Then "prometheus" sends a stranger to the platform login

  @security @negative
  Scenario: Nobody writes or stops Prometheus over its API
    Then Prometheus lets nobody delete samples, write some or stop it
