@core @git @CORE-009
Feature: The Git server keeps what the platform is delivered from
  Components and developers push and clone over SSH with keys and over HTTPS with tokens, each in the repositories that are theirs.
  Encodes CORE-009, the source of Argo CD, and CORE-012, the source of the documentation.

  Background:
    Given "git" is converged

  Scenario Outline: A commit that was pushed is there in other clones
    Given a throw-away repository
    And a deploy key that may write the repository
    When a commit is pushed over <way>
    Then a clone over SSH has the commit
    And a clone over HTTPS has the commit

    Examples:
      | way   |
      | SSH   |
      | HTTPS |

  @negative @security
  Scenario Outline: A deploy key that may read does not write
    Given a throw-away repository with a commit
    And a deploy key that may read the repository
    When somebody tries to push over <way>
    Then the request is refused because "<reason>"
    And a clone over <way> has the commit

    Examples:
      | way   | reason      |
      | SSH   | may not     |
      | HTTPS | 403         |

  @negative @security
  Scenario Outline: Strangers do not read
    Given a throw-away repository with a commit
    And a deploy key of a stranger
    When somebody tries to clone over <way>
    Then the request is refused because "<reason>"

    Examples:
      | way   | reason            |
      | SSH   | Permission denied |
      | HTTPS | Authentication    |

  @negative @security
  Scenario Outline: A deploy key opens no other repository
    Given a throw-away repository
    And a deploy key that may write the repository
    When somebody tries to clone the repository "platform" over <way>
    Then the request is refused because "<reason>"

    Examples:
      | way   | reason  |
      | SSH   | may not |
      | HTTPS | 403     |

  @negative @security
  Scenario: A deploy key runs nothing but Git
    Given a throw-away repository
    And a deploy key that may write the repository
    When somebody asks for a shell with the deploy key
    Then the request is refused because "only git's own commands"

  @negative @security
  Scenario: A client that knows another host key does not speak to the Git server
    Given a throw-away repository with a commit
    And a deploy key that may read the repository
    When somebody who knows another host key tries to clone
    Then the request is refused because "Host key verification failed"
