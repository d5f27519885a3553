@infrastructure @ingress @CORE-001 @network
Feature: The ingress is the one way into the platform
  Every host of the domain is reached on the ports of the web, at one address, over TLS; nothing else is.
  Encodes CORE-001, the ingress that CORE-003 needs.

  Background:
    Given "ingress" is converged

  Scenario: A plain request is sent to the same page over TLS
    When a browser asks for "ingress" of the domain over plain HTTP
    Then it is sent to the same page over HTTPS

  Scenario: The ingress counts what passes through it
    Then the ingress counts its requests

  @data @disruptive
  Scenario: The ingress survives the loss of its pod
    When every pod of "ingress" is deleted
    Then every workload of "ingress" is ready

  @resources @security
  Scenario: The ingress runs bounded, watched and unprivileged
    Then every workload of "ingress" is ready
    And every container of "ingress" has resource requests and limits
    And every container of "ingress" has liveness and readiness probes
    And "ingress" runs no container as root
    And "ingress" keeps no credential outside a Secret

  @rollback
  Scenario: The ingress is there again after a rollback and a converge
    When the operator rolls "ingress" back and converges it again
    Then all that was taken away was made anew
    And every workload of "ingress" is ready

  @idempotence
  Scenario: A second converge of the ingress changes nothing
    When the operator converges "ingress" again
    Then nothing was written
    And "ingress" has not drifted
