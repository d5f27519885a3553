"""The metrics API keeps nothing: what it tells is measured anew."""

from __future__ import annotations

from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.keepsakes import Check, keepsake
from steps.metrics import nodes_measured
from steps.workloads import workloads_ready


@keepsake("metrics")
def usage(platform: Platform, inventory: Inventory) -> Check:
    def serves() -> None:
        workloads_ready(platform, inventory, "metrics")
        nodes_measured(platform)

    return serves
