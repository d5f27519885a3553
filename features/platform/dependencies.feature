@platform @security
Feature: What components need of each other is there for them
  Databases, buckets, users, accounts: whatever a component was given by another opens with what its Secret holds, and does for it what
  it is needed for. Which there are, the components' parts say.

  Background:
    Given every component is converged

  Scenario Outline: Every <kind> that a component was given lets it in
    Then every component is let in by the <kind> that it was given

    Examples:
      | kind                      |
      | database                  |
      | bucket                    |
      | user of Valkey            |
      | client of the realm       |
      | account of the registry   |
      | repository                |
      | user of the package index |

  @data
  Scenario: Every component keeps rows in the database that it was given
    Then every database that a component was given takes its rows, and holds tables that it made

  @data
  Scenario: Every component keeps objects in the bucket that it was given
    Then every bucket that a component was given keeps its objects, where it may write, and only shows them elsewhere

  @data
  Scenario: Every component keeps keys in Valkey that are no other's
    Then every user of Valkey that a component was given keeps keys of its own and sees no others

  @data
  Scenario: What the steps of a workflow leave lies in the bucket that Argo Workflows was given
    Given "argo-workflows" is converged
    And a workflow has ended and its pods are gone
    Then object storage holds both

  Scenario: Every node pulls what somebody pushed to the registry, with the account that it was given
    Given "registry" is converged
    When a developer pushes a program's image
    Then a pod of it runs on every node, and its manifest names no Secret to pull with
