"""What can be started in AWX: deploy, verify and remove each component that the harness inside the platform can work on."""

from __future__ import annotations

from collections.abc import Sequence

from converge.apis.awx import Awx
from converge.components.awx.settings import AwxItem
from converge.components.harness.served import served
from converge.components.terms import Context

PROJECT = "thinkube"
"""The folder below AWX's projects in which the playbooks lie; the project is called so too."""

PLAYBOOK = "harness.yml"
VERBS = {"Deploy": "deploy", "Verify": "verify", "Remove": "remove"}
"""What a template is called, and what the harness inside is asked."""


def items(awx: Awx, context: Context) -> Sequence[AwxItem]:
    """The organization, and in it the project, the inventory with the one host that jobs run on, and the templates."""
    organization = AwxItem(awx, "organizations", "Thinkube", {"description": "the platform"})
    project = AwxItem(awx, "projects", PROJECT, {"scm_type": "", "local_path": PROJECT}, of={"organization": organization})
    inventory = AwxItem(awx, "inventories", "Platform", {"kind": ""}, of={"organization": organization})
    variables = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    host = AwxItem(awx, "hosts", "platform", {"enabled": True, "variables": variables}, of={"inventory": inventory})
    names = [one.name for one in served(context.inventory)]
    return organization, project, inventory, host, *(template(awx, verb, name, inventory, project) for name in names for verb in VERBS)


def template(awx: Awx, verb: str, name: str, inventory: AwxItem, project: AwxItem) -> AwxItem:
    """``Deploy valkey``: one job at a time, as the platform has one writer."""
    command = [VERBS[verb], name]
    fields = {
        "job_type": "run",
        "playbook": PLAYBOOK,
        "extra_vars": {"command": command},
        "ask_variables_on_launch": False,
        "allow_simultaneous": False,
    }
    return AwxItem(awx, "job_templates", f"{verb} {name}", fields, of={"inventory": inventory, "project": project})
