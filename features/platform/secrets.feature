@platform @security
Feature: A generated secret can be replaced everywhere at once
  Passwords are made once and kept; when one has been seen by somebody, an operator gives it a new value.
  What uses it goes on working, and whoever knows the old value is refused.

  @rotation
  Scenario Outline: A new <what> is used by whoever needs it, and the old one is refused
    Given "<component>" is converged
    And somebody has seen the Secret "<secret>" of "<component>"
    When the operator rotates that Secret
    Then what was seen opens nothing any more
    And every workload of "<component>" is ready
    And "<component>" has not drifted

    Examples:
      | what                                  | component | secret              |
      | password of Keycloak's database       | keycloak  | keycloak-database   |
      | password of Keycloak's administrator  | keycloak  | keycloak-admin      |
      | password of PostgreSQL's superuser    | postgres  | postgres-superuser  |
      | secret of MinIO as an application     | minio     | minio-oidc          |
      | password of MinIO's administrator     | minio     | minio-root          |

  @rotation @sso
  Scenario: People sign in after the password of Keycloak's database was replaced
    Given "keycloak" is converged
    And a throw-away person
    And somebody has seen the Secret "keycloak-database" of "keycloak"
    When the operator rotates that Secret
    Then the person can sign in
