"""The ingress keeps nothing: routes and certificates are the cluster's."""

from __future__ import annotations

from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.keepsakes import Check, keepsake
from steps.routes import ask_plainly, sent_to_https
from steps.workloads import workloads_ready


@keepsake("ingress")
def requests(platform: Platform, inventory: Inventory) -> Check:
    def serves() -> None:
        workloads_ready(platform, inventory, "ingress")
        sent_to_https(ask_plainly(platform, inventory, "ingress"))

    return serves
