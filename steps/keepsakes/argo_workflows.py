"""Argo Workflows keeps what a workflow was, and what its steps left."""

from __future__ import annotations

from collections.abc import Iterator

from converge.apis.argo import ArgoServer
from converge.apis.minio import ObjectStore
from converge.components.argo_workflows import consumers
from converge.components.argo_workflows.component import API
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.keepsakes import Check, keepsake
from steps.workflows import ended, succeeds, workflow_is_kept
from steps.workloads import IMAGE


@keepsake("argo-workflows")
def workflow(platform: Platform, inventory: Inventory, objects: ObjectStore, automation: ArgoServer) -> Iterator[Check]:
    with ended(platform, inventory, automation, consumers.handing_on(platform.context.image(IMAGE))) as left:
        name = left["metadata"]["name"]

        def find() -> None:
            wait_until_served(platform.access.http, f"{consumers.url(inventory)}{API}", COMES_S)
            # Its token is another one after a rollback.
            again = consumers.automated(inventory, platform.access).workflow(name)
            succeeds(again)
            workflow_is_kept(objects, again)

        yield find
