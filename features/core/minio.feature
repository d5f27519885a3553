@core @minio @CORE-006
Feature: MinIO keeps objects for people and components
  An object store with the S3 API; who somebody is, and what they may do, comes from the platform login.
  Encodes CORE-006.

  Background:
    Given "minio" is converged

  @tls
  Scenario: MinIO's host is certified
    Then every host of "minio" presents a certificate from the platform's issuer

  Scenario: An object is stored, listed, read and removed
    Given a throw-away bucket
    When a developer stores an object
    Then the bucket lists the object, and it reads as it was written
    And once removed it is gone

  Scenario: A large object travels in parts
    Given a throw-away bucket
    When a developer stores an object of 12 MiB
    Then it travelled in 3 parts and reads as it was written

  Scenario: A presigned URL opens one object for a while
    Given a throw-away bucket
    When a developer shares an object by a presigned URL
    Then anybody with the URL reads the object
    But not under another name, and not when its time is over

  @sso @security
  Scenario Outline: A person's policy decides what the platform login opens
    Given a throw-away bucket with an object
    And a throw-away person with the policy "<policy>"
    When the person exchanges a login for an access key
    Then the person may read the object
    And the person <may> store another

    Examples:
      | policy    | may     |
      | readwrite | may     |
      | readonly  | may not |

  @sso @negative @security
  Scenario: A person without a policy gets no access key
    Given a throw-away person
    When the person tries to exchange a login for an access key
    Then the request is refused because "policy claim missing"

  @sso @negative @security
  Scenario: A tampered token gets no access key
    Given a throw-away person with the policy "readonly"
    When somebody exchanges the person's token with another policy in it
    Then the request is refused because "verification"

  @negative @security
  Scenario: Nobody reads without an access key
    Given a throw-away bucket with an object
    When a stranger asks for the object
    Then the request is refused because "AccessDenied"
    And no bucket is open to strangers

  @data
  Scenario: What MinIO keeps lies on a volume of its own
    Then what "minio" keeps outlives its pods

  @data @disruptive
  Scenario: Objects survive the loss of MinIO's pod
    Given a throw-away bucket with an object
    When every pod of "minio" is deleted
    Then every workload of "minio" is ready
    And the object reads as it was written

  @resources @security
  Scenario: MinIO runs bounded, watched and unprivileged
    Then every workload of "minio" is ready
    And every container of "minio" has resource requests and limits
    And every container of "minio" has liveness and readiness probes
    And "minio" runs no container as root
    And "minio" keeps no credential outside a Secret

  @rollback @data
  Scenario: Rolling MinIO back and converging it finds objects again
    Given a throw-away bucket with an object
    When the operator rolls "minio" back and converges it again
    Then all that was taken away was made anew
    And the object reads as it was written

  @idempotence
  Scenario: A second converge of MinIO changes nothing
    When the operator converges "minio" again
    Then nothing was written
    And "minio" has not drifted
