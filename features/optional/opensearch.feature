@optional @opensearch @OPT-003
Feature: OpenSearch finds words in documents
  An index for documents and logs: people use it with the platform login, and their groups say what they may do.
  Encodes OPT-003.

  Background:
    Given "opensearch" is converged

  @sso
  Scenario: A document is found by its words until it is removed
    Given a throw-away index
    And a throw-away person in the group "opensearch-editor"
    When the person writes a document into the index
    Then the person finds the document by a word of it
    And nobody finds the document once the person has removed it

  @sso
  Scenario Outline: A person's group decides what may be done in OpenSearch
    Given a throw-away index with a document
    And a throw-away person in the group "<group>"
    When the person signs in to OpenSearch
    Then OpenSearch lets the person <do>

    Examples:
      | group             | do                         |
      | opensearch-admin  | read, write and administer |
      | opensearch-editor | read and write             |
      | opensearch-viewer | read                       |

  @sso @negative @security
  Scenario: A person outside the groups reads nothing in OpenSearch
    Given a throw-away index with a document
    And a throw-away person
    When the person signs in to OpenSearch
    Then OpenSearch lets the person do nothing

  @negative @security
  Scenario Outline: OpenSearch answers nobody without the right credentials
    When somebody asks OpenSearch with <credentials>
    Then the request is refused because "401"

    Examples:
      | credentials      |
      | a wrong password |
      | no credentials   |

  @sso @negative @security
  Scenario: OpenSearch believes no token but the person's own ID token
    Given a throw-away person in the group "opensearch-viewer"
    When the person signs in to OpenSearch
    Then OpenSearch believes neither a tampered token nor the access token

  @negative @security
  Scenario: OpenSearch keeps its administrator's password as a hash only
    Then the files of OpenSearch hold a hash of the password and nowhere the password

  @tls @security
  Scenario: Servers of OpenSearch speak with each other over verified TLS only
    Then the port for servers presents a certificate of the platform
    And the port for servers refuses who brings none
