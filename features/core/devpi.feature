@core @devpi @CORE-010
Feature: devpi keeps the platform's Python packages
  Developers release packages to an index of the platform's and install them anywhere; people look at them in the browser.
  Encodes CORE-010.

  Background:
    Given "devpi" is converged

  Scenario: An uploaded package is installed with pip on this machine
    Given a throw-away package
    When a developer uploads the package
    Then pip on this machine installs the package

  Scenario: An uploaded package is installed with pip in a pod
    Given a throw-away package
    When a developer uploads the package
    Then pip in a pod installs the package

  Scenario: A package that was fetched through a mirror is installed when its upstream is gone
    Given a throw-away package in a throw-away mirror of another index
    And pip in a pod has installed the package from the mirror
    When the other index is gone
    Then the mirror has the package as it was
    And pip in a pod installs the package from the mirror
    And the mirror knows no package that nobody has fetched

  @negative
  Scenario: A released version stays as it is
    Given a throw-away package that was uploaded
    When a developer uploads another content under the same version
    Then the request is refused because "409"
    And the index has the package as it was

  @negative @security
  Scenario Outline: Nobody uploads a package without the right credentials
    Given a throw-away package
    When somebody uploads the package with <credentials>
    Then the request is refused because "<status>"
    And the index does not have the package

    Examples:
      | credentials            | status |
      | a wrong password       | 401    |
      | the name of a stranger | 401    |
      | no credentials         | 401    |

  @negative @security
  Scenario: Who may upload packages may not administer indexes
    When the user who uploads packages changes an index
    Then the request is refused because "403"

  @sso
  Scenario: A person finds a package in the pages with the platform login
    Given a throw-away package that was uploaded
    And a throw-away person
    When the person signs in to the "package index" with a browser
    Then the page shows that package

  @sso
  Scenario: Signing out of the package index ends the platform login
    Given a throw-away person
    When the person signs in to "devpi" and signs out again
    Then "devpi" asks the person for the password again

  @security @negative
  Scenario: The pages of the package index cannot be reached past the platform login
    Then "devpi" sends a stranger to the platform login
    And the host for pip sends who opens a page of it there too
