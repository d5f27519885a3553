@core @minio @CORE-006
Feature: MinIO keeps objects for people and components
  An object store with the S3 API; who somebody is, and what they may do, comes from the platform login.
  Encodes CORE-006.

  Background:
    Given "minio" is converged

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
