"""What can be started in AWX: deploy, verify and remove each optional component, by the harness in an image of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converge.apis.awx import Awx
from converge.components import blocks
from converge.components.awx.settings import AwxItem
from converge.components.terms import Context

PROJECT = "thinkube"
"""The folder below AWX's projects in which the playbooks lie; the project is called so too."""

PLAYBOOK = "harness.yml"
OPTIONAL = "OPT-"
"""How issues of optional components begin."""

VERBS = {
    "Deploy": ["pytest", "features/", "-m", "{name}"],
    "Verify": ["pytest", "features/", "--verify-only", "-m", "{name}"],
    "Remove": ["thinkube", "rollback", "{name}", "--yes"],
}
"""What a template is called, and what the harness is asked."""


def harness_job(image: str) -> dict[str, Any]:
    """The Job that a playbook starts, but for what the harness is asked."""
    container = {
        "name": "harness",
        "image": image,
        "env": [{"name": "HOME", "value": "/tmp"}],  # noqa: S108 (in the pod)
        "resources": blocks.resources("200m/2000m", "256Mi/1Gi"),
        "securityContext": blocks.locked_down(),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    pod = {
        "restartPolicy": "Never",
        "enableServiceLinks": False,
        "securityContext": blocks.pod_security(1000),
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    spec = {"backoffLimit": 0, "ttlSecondsAfterFinished": 86400, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "harness-"}, "spec": spec}


def items(awx: Awx, context: Context) -> Sequence[AwxItem]:
    """The organization, and in it the project, the inventory with the one host that jobs run on, and the templates."""
    organization = AwxItem(awx, "organizations", "Thinkube", {"description": "the platform"})
    project = AwxItem(awx, "projects", PROJECT, {"scm_type": "", "local_path": PROJECT}, of={"organization": organization})
    inventory = AwxItem(awx, "inventories", "Platform", {"kind": ""}, of={"organization": organization})
    variables = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    host = AwxItem(awx, "hosts", "platform", {"enabled": True, "variables": variables}, of={"inventory": inventory})
    names = [one.name for one in context.components() if one.issue.startswith(OPTIONAL)]
    return organization, project, inventory, host, *(template(awx, verb, name, inventory, project) for name in names for verb in VERBS)


def template(awx: Awx, verb: str, name: str, inventory: AwxItem, project: AwxItem) -> AwxItem:
    """``Deploy valkey``: one job at a time, as the platform has one writer."""
    command = [word.format(name=name) for word in VERBS[verb]]
    fields = {
        "job_type": "run",
        "playbook": PLAYBOOK,
        "extra_vars": {"command": command},
        "ask_variables_on_launch": False,
        "allow_simultaneous": False,
    }
    return AwxItem(awx, "job_templates", f"{verb} {name}", fields, of={"inventory": inventory, "project": project})
