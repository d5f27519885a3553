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
