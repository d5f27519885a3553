"""Argo Events keeps events on its bus, and starts workflows for new ones."""

from __future__ import annotations

import contextlib

from converge.acceptance.throwaway import ThrowawayPods
from converge.components.argo_events import consumers
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.events import named_workflow_succeeds, send_event, throwaway_source
from steps.keepsakes import Check, keepsake


@keepsake("argo-events")
def events(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> Check:
    def start_workflow() -> None:
        listening = contextlib.contextmanager(throwaway_source)(platform, inventory, throwaway_pods)
        with listening as sender, contextlib.contextmanager(send_event)(platform, inventory, sender) as named:
            named_workflow_succeeds(platform, inventory, named)

    start_workflow()
    left = consumers.kept(platform.api)
    assert left, "the bus keeps no event"

    def find() -> None:
        assert consumers.kept(platform.api) >= left, "the bus lost events"
        start_workflow()

    return find
