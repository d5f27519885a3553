@infrastructure @control-node @CORE-001
Feature: Every node is a machine in order
  What the cluster needs of a machine is there, is told to nobody else, and comes back with the machine; people find their tools on it.
  Encodes CORE-001 and CORE-002, the nodes as machines.

  Background:
    Given "control-node" is converged
    And a look into every node

  @network
  Scenario: Every node listens for the control plane and lets pods through
    Then every node listens on port 10250
    And every node has "net.ipv4.ip_forward" set to 1

  @security @negative
  Scenario: Nobody but root reads what a node proves itself with
    Then only root of every node may read "/etc/kubernetes/kubelet.conf"
    And only root of every node may read "/var/lib/kubelet/pki/serving.key"

  Scenario: What a host runs for the cluster comes back when it is switched on
    Given the nodes are machines of their own
    Then systemd of every host that has it keeps "thinkube-kubelet" running
    And systemd of every host that has it keeps "thinkube-containerd" running

  Scenario: No host has another container engine
    Given the nodes are machines of their own
    Then no host has the package "docker.io"
    And no host has the package "containerd"

  Scenario: The operator's account on the control node reaches the cluster without sudo
    Given the nodes are machines of their own
    When the operator's account there asks kubectl and helm
    Then both answer
    And bash, zsh and fish know the short names there
