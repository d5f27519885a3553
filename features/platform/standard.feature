@platform
Feature: Every component keeps the standard promises
  Each is made by all that have the quality in its tag, or by all: the rows are the components. What a user leaves behind: steps/keepsakes.

  Background:
    Given "<component>" is converged

  @hosts @tls
  Scenario Outline: Every host of <name> is certified, and served over TLS only
    Then every host of "<component>" presents a certificate from the platform's issuer
    And every host of "<component>" refuses TLS before 1.2
    And every host of "<component>" sends plain requests to the same page over TLS
    And every host of "<component>" tells browsers to come back over TLS and to guess no content

    Examples:
      | component | name |

  @sign-on @sso
  Scenario Outline: Whoever is signed in to the platform opens <name> without a password
    Given a throw-away person in the group "cluster-admins"
    And the person is signed in
    Then "<component>" opens to the person without a password
    And no other site may show "<component>" in a frame

    Examples:
      | component | name |

  @sign-on @sso @negative
  Scenario Outline: <Name> opens to nobody whose account was disabled
    Given a throw-away person in the group "cluster-admins"
    And the person is signed in
    And an administrator disables the person
    Then "<component>" does not open to the person

    Examples:
      | component | Name |

  @workloads @resources @security
  Scenario Outline: <Name> runs bounded, watched and unprivileged
    Then every workload of "<component>" is ready
    And every container of "<component>" has resource requests and limits
    And every container of "<component>" has liveness and readiness probes
    And "<component>" runs no container as root
    And "<component>" keeps no credential outside a Secret

    Examples:
      | component | Name |

  @jobs @resources @security
  Scenario Outline: <Name> runs bounded and unprivileged
    Then every container of "<component>" has resource requests and limits
    And "<component>" runs no container as root
    And "<component>" keeps no credential outside a Secret

    Examples:
      | component | Name |

  @volumes @data
  Scenario Outline: What <name> keeps lies on a volume of its own
    Then what "<component>" keeps outlives its pods

    Examples:
      | component | name |

  @workloads @keepsake @data @disruptive
  Scenario Outline: <Keepsake> survive the loss of every pod of <name>
    Given somebody has left <keepsake> in "<component>"
    When every pod of "<component>" is deleted
    Then every workload of "<component>" is ready
    And what was left in "<component>" is found again

    Examples:
      | component | name | keepsake | Keepsake |

  @workloads @nothing-to-lose @disruptive
  Scenario Outline: <Name> serves again after the loss of every pod
    Given "<component>" has nothing to lose: <why>
    When every pod of "<component>" is deleted
    Then every workload of "<component>" is ready
    And "<component>" serves as before

    Examples:
      | component | Name | why |

  @removable @keepsake @data @rollback
  Scenario Outline: Rolling <name> back and converging it finds <keepsake> again
    Given somebody has left <keepsake> in "<component>"
    When the operator rolls "<component>" back and converges it again
    Then all that was taken away was made anew
    And what was left in "<component>" is found again

    Examples:
      | component | name | keepsake |

  @removable @nothing-to-lose @rollback
  Scenario Outline: <Name> serves again after a rollback and a converge
    Given "<component>" has nothing to lose: <why>
    When the operator rolls "<component>" back and converges it again
    Then all that was taken away was made anew
    And "<component>" serves as before

    Examples:
      | component | Name | why |

  @secrets @security @rotation
  Scenario Outline: Secrets of <name> that somebody has seen are replaced wherever they are used
    Given somebody has seen every Secret of "<component>"
    When the operator rotates what was seen
    Then what was seen opens nothing any more
    And every workload of "<component>" is ready
    And "<component>" has not drifted

    Examples:
      | component | name |

  @idempotence
  Scenario Outline: A second converge of <name> changes nothing
    When the operator converges "<component>" again
    Then nothing was written
    And "<component>" has not drifted

    Examples:
      | component | name |
