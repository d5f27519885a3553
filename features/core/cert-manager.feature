@core @cert-manager @CORE-003 @tls
Feature: cert-manager certifies every host of the platform
  One issuer signs what the ingress presents; whoever trusts it can trust every host, and whoever does not is warned.
  Encodes CORE-003.

  Background:
    Given "cert-manager" is converged

  Scenario: The issuers are ready
    Then every issuer is ready

  Scenario: One certificate covers every host of the domain
    Then the wildcard certificate covers the domain, its hosts and its functions
    And the wildcard certificate has an elliptic-curve P-256 key

  Scenario: The ingress presents the platform's certificate
    Then every host of "ingress" presents a certificate from the platform's issuer
    And the ingress says over TLS that it is healthy

  Scenario: A pod behind a host of the domain is reached over TLS
    Given a throw-away pod behind a host of the domain
    Then a browser that asks for that host is answered by the pod

  Scenario: A host may have a certificate of its own
    Given a throw-away pod behind a host with a certificate of its own
    Then that host presents the certificate that was issued for it

  Scenario: A forced renewal yields a new certificate
    Given a throw-away certificate
    When the operator forces its renewal
    Then it has a new serial number and a new key

  @negative
  Scenario: A host that nobody serves is not found
    When a browser asks for "nobody-serves-this" of the domain
    Then it is told that there is no such page

  @negative
  Scenario: Strangers are not trusted
    Then a client that trusts another CA refuses to talk to the platform
    And a client is not deceived when it asks the ingress for "bank.example"

  @negative
  Scenario: A certificate for nobody is refused
    When a developer asks for a certificate without a name
    Then the request is refused because "must be set"

  @resources @security
  Scenario: cert-manager runs bounded, watched and unprivileged
    Then every workload of "cert-manager" is ready
    And every container of "cert-manager" has resource requests and limits
    And every container of "cert-manager" has liveness and readiness probes
    And "cert-manager" runs no container as root
    And "cert-manager" keeps no credential outside a Secret

  @data @disruptive
  Scenario: Certificates survive the loss of cert-manager's pods
    When every pod of "cert-manager" is deleted
    Then every workload of "cert-manager" is ready
    And every issuer is ready

  @rollback @data
  Scenario: Rolling cert-manager back and converging it finds its authority again
    When the operator rolls "cert-manager" back and converges it again
    Then all that was taken away was made anew
    And every issuer is ready
    And every host of "ingress" presents a certificate from the platform's issuer

  @idempotence
  Scenario: A second converge of cert-manager changes nothing
    When the operator converges "cert-manager" again
    Then nothing was written
    And "cert-manager" has not drifted
