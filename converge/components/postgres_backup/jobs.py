"""Back up now, and restore: jobs made from the component's two CronJobs, waited for."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from converge.components.terms import KubernetesObject
from converge.kubernetes.wait import wait_until_ready

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

NAMESPACE = "postgres"


def back_up(api: Api, *, deadline_s: float = 120) -> None:
    """Dump every database into object storage, now.

    Raises:
        NotReady: the job failed or did not end in time.
    """
    _run(api, "postgres-backup", {}, deadline_s)


def restore(api: Api, backup: str, database: str, target: str, *, deadline_s: float = 120) -> None:
    """Bring ``database`` of the backup ``2026-11-23T02-17-00Z`` back as the new database ``target``."""
    _run(api, "postgres-restore", {"BACKUP": backup, "DATABASE": database, "TARGET": target}, deadline_s)


def _run(api: Api, template: str, environment: Mapping[str, str], deadline_s: float) -> None:
    cron_job = api.get("CronJob", template, NAMESPACE)
    name = f"{template}-{secrets.token_hex(4)}"
    job: KubernetesObject = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": NAMESPACE}}
    job["spec"] = copy.deepcopy(cron_job["spec"]["jobTemplate"]["spec"])
    pod = job["spec"]["template"]["spec"]
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        # First, so that arguments and later values may refer to them.
        container["env"] = [{"name": key, "value": value} for key, value in environment.items()] + container.get("env", [])
    created = api.create(job)
    try:
        wait_until_ready(api, [created], deadline_s, subject=template)
    finally:
        api.delete("Job", name, NAMESPACE)
