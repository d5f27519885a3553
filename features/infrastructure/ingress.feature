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
