"""The cluster itself: a Kubernetes control plane, up and ready.

It has no Kubernetes objects; the node provider of the inventory brings it up. Everything else requires it.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.node import Cordoned, unready
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.terms import Access, Difference
from converge.inventory import Inventory


class ControlNode(Component):
    """CORE-001: the control node is Ready with the inventory's address."""

    name = "control-node"
    issue = "CORE-001"
    called = "the control node"
    is_machine = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: the cluster runs."""
        return Holds(lambda _, access: [RunningCluster(inventory.name, access)]), Cordoned("control")


class RunningCluster:
    """A cluster that runs and whose control node is Ready; writing starts it, or creates it where there is none."""

    def __init__(self, name: str, access: Access) -> None:
        self.subject = f"cluster {name}"
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """Whether it runs, whether each control node is Ready, and what else of it a start would mend."""
        cluster = self._access.provider.find()
        if cluster is None:
            return (Difference(self.subject, "state", wanted="running", seen=self._access.provider.why_not()),)
        control = [node.name for node in cluster.nodes if node.role == "control"]
        late = {name: why for name in control if (why := unready(self._access.api(), name))}
        found = [Difference(self.subject, f"node {name}", wanted="Ready", seen=why) for name, why in late.items()]
        return (*found, *self._access.provider.differences())

    def write(self) -> None:
        """Create or start it."""
        self._access.provider.start(self._access.progress)
