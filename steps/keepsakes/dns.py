"""DNS keeps nothing: every name follows from the inventory."""

from __future__ import annotations

from converge.acceptance.throwaway import ThrowawayPods
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.keepsakes import Check, keepsake
from steps.names import pods_find_ingress
from steps.nodes import pod_on_every_node


@keepsake("dns")
def names(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> Check:
    pods = pod_on_every_node(platform, throwaway_pods)
    return lambda: pods_find_ingress(platform, inventory, throwaway_pods, pods, "auth")
