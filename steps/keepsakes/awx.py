"""AWX keeps a job template that somebody made."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from converge.components.awx import server
from converge.components.awx.settings import AwxItem
from converge.components.awx.templates import PROJECT
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.keepsakes import Check, keepsake


@keepsake("awx")
def template(platform: Platform, inventory: Inventory) -> Iterator[Check]:
    awx = server.as_administrator(inventory, platform.access)
    project = AwxItem(awx, "projects", PROJECT, {})
    hosts = AwxItem(awx, "inventories", "Platform", {})
    fields = {"playbook": "harness.yml", "extra_vars": {"command": ["pytest", "--version"]}}
    made = AwxItem(awx, "job_templates", f"throw-away-{secrets.token_hex(4)}", fields, of={"inventory": hosts, "project": project})
    made.write()

    def is_there() -> None:
        wait_until_served(platform.access.http, f"{awx.url}/api/v2/ping/", COMES_S)
        assert not made.differences()

    yield is_there
    made.remove()
