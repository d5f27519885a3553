"""What can be done with a platform, by name: each verb lies in a file of its own, which is imported when it is first done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.engine.outcome import Outcome
    from converge.engine.plan import Plan
    from converge.engine.planner import Shared
    from converge.engine.platform import Platform


class Operations:
    """``Operations(platform).converge("keycloak")``; the platform itself is only what is opened."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def check(self) -> None:
        """See that this machine has what converging needs, before anything is touched."""
        from converge.engine.requirements import check

        check(self.platform)

    def prepare(self, names: Iterable[str]) -> None:
        """Begin in the background to obtain and load what these components run."""
        from converge.engine.prepare import prepare

        prepare(self.platform, names)

    def shared(self) -> Shared | None:
        """What plans that are made together look at once; None where no cluster runs."""
        from converge.engine.planner import shared

        return shared(self.platform)

    def plan(self, name: str, shared: Shared | None = None) -> Plan:
        """What a converge of this component would change; writes nothing."""
        from converge.engine.planner import plan

        return plan(self.platform, name, shared)

    def converge(self, name: str) -> Outcome:
        """Bring one component (not what it requires) to its desired state and wait until it serves; never raises."""
        from converge.engine.reconcile import converge

        return converge(self.platform, name)

    def verify(self, name: str) -> Outcome:
        """Look whether one component is there and serves; writes nothing and never raises."""
        from converge.engine.reconcile import verify

        return verify(self.platform, name)

    def verify_again(self, name: str) -> Outcome:
        """Plan it: ``changes`` is what a second converge would write."""
        from converge.engine.reconcile import verify

        return verify(self.platform, name, drift=True)

    def wait_until_serving(self, names: Iterable[str]) -> None:
        """Wait until everything that some components run serves now, by its own word and through the ingress."""
        from converge.engine.serving import wait_until_serving

        wait_until_serving(self.platform, names)

    def roll_back(self, name: str) -> list[Outcome]:
        """Take one component back, and before it whatever exists that requires it; data stays. Never raises."""
        from converge.engine.rollback import roll_back

        return roll_back(self.platform, name)

    def rotate(self, name: str) -> Outcome:
        """Give the generated Secret ``keycloak/keycloak-admin`` new values; never raises."""
        from converge.engine.rotation import rotate

        return rotate(self.platform, name)

    def versions(self) -> Mapping[str, str]:
        """What the nodes say that they run, and what that takes: ``{"Kubernetes": "v1.37.2", …, "Memory of all pods": …}``."""
        from converge.engine.cluster_facts import memory, versions

        return {**versions(self.platform), **memory(self.platform)}
