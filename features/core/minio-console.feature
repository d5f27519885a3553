@core @minio-console @CORE-006
Feature: MinIO's console opens with the platform login
  People look after buckets in the browser with the rights that they have everywhere else; no access key is typed.
  Encodes CORE-006, the console.

  Background:
    Given "minio-console" is converged

  @sso
  Scenario: A person finds a bucket in the console with the platform login
    Given a throw-away bucket with an object
    And a throw-away person with the policy "readwrite"
    When the person signs in to the "MinIO console" with a browser
    Then the page shows that bucket

  @sso
  Scenario: A person with the right to write uploads a file in the console's pages
    Given a throw-away bucket with an object
    And a throw-away person with the policy "readwrite"
    And the person is signed in to the "MinIO console" with a browser
    When the person uploads a file on the page of that bucket
    Then the page shows the gridcell "uploaded.txt"

  @sso @negative
  Scenario: A read-only person reads in the console and writes nothing
    Given a throw-away bucket with an object
    And a throw-away person with the policy "viewer"
    When the person signs in to the console
    Then the console lists the object
    But the console refuses an upload

  @sso
  Scenario: A person with the right to write uploads in the console
    Given a throw-away bucket with an object
    And a throw-away person with the policy "readwrite"
    When the person signs in to the console
    Then the console takes an upload

  @sso @negative
  Scenario: A read-only person is offered no upload in the console's pages
    Given a throw-away bucket with an object
    And a throw-away person with the policy "viewer"
    When the person signs in to the "MinIO console" with a browser
    Then the page of that bucket offers the person no upload

  @sso @negative
  Scenario: A person without any policy does not get into the console
    Given a throw-away person
    When the person tries to sign in to the console
    Then the console says "You may not use object storage"

  @sso
  Scenario: Signing out of the console ends the platform login
    Given a throw-away person with the policy "viewer"
    When the person signs in to the console and signs out again
    Then the console asks the person for the password again

  @security @negative
  Scenario: The console cannot be entered past the platform login
    Then the console sends a stranger to the platform login
    And the console takes no access key
    And the console refuses a callback that answers no login
    And the console refuses what a page of another host sends
