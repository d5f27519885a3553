"""Runs of the harness inside the platform as those meet them who start one: followed to their end, and their reports read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from converge.components.harness.server import NAMESPACE
from converge.components.minio.consumers import root_store
from converge.kubernetes.objects import Ref

if TYPE_CHECKING:
    from converge.components.terms import Access
    from converge.inventory import Inventory

RESULTS = "junit.xml"


@dataclass(frozen=True)
class Ended:
    """How a run ended: whether well, and the last that it said."""

    is_well: bool
    said: str


@contextlib.contextmanager
def started(access: Access, job: Mapping[str, Any]) -> Iterator[str]:
    """The name of a Job that was started, and is removed with its pods at the end."""
    name: str = access.api().create(dict(job))["metadata"]["name"]
    try:
        yield name
    finally:
        access.api().delete("Job", name, NAMESPACE)


def wait_until_ended(access: Access, name: str, deadline_s: float) -> Ended:
    """The run when it has ended, however it did."""
    from converge.kubernetes.wait import wait_until

    ref = Ref("Job", name, NAMESPACE, "batch/v1")
    seen = wait_until(access.api(), ref, lambda job: _condition(job) != "", deadline_s, wanted=f"Job {name} to end") or {}
    pods = access.api().list("Pod", NAMESPACE, labels=f"batch.kubernetes.io/job-name={name}")
    said = [access.api().logs(NAMESPACE, pod["metadata"]["name"], tail=60) for pod in pods]
    return Ended(_condition(seen) == "Complete", "\n".join(said))


def passed(inventory: Inventory, access: Access, bucket: str, place: str) -> list[str]:
    """The scenarios that passed, as the newest report below ``place`` tells them: ``"valkey/…-verify"``."""
    store = root_store(inventory, access)
    newest = max(name for name in store.names(bucket) if name.startswith(f"{place}/") and name.endswith(f"/{RESULTS}"))
    cases = ElementTree.fromstring(store.get(bucket, newest)).iter("testcase")  # noqa: S314 - a report of our own
    return [str(case.get("name")) for case in cases if not len([one for one in case if one.tag in ("failure", "error", "skipped")])]


def _condition(job: Mapping[str, Any] | None) -> str:
    conditions = ((job or {}).get("status") or {}).get("conditions") or ()
    return next((one["type"] for one in conditions if one["type"] in ("Complete", "Failed") and one["status"] == "True"), "")
