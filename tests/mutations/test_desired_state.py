"""Mutations of the desired state: each component's objects are broken, and the checks that scenarios use have to notice.

No cluster; the objects are rendered, spoilt and judged.
"""

from __future__ import annotations

import base64
import copy
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from converge.acceptance import workload_faults
from converge.components import COMPONENTS
from converge.components.component import Component
from converge.components.terms import Context
from converge.inventory import Inventory
from converge.kubernetes import workloads

Object = dict[str, Any]
Container = dict[str, Any]

CANARY = "correct-horse-battery-staple"
RELEASED = frozenset({"storage", "cert-manager", "metrics"})
"""Their objects come from upstream's releases, which are tried on a cluster."""


def _drop(*path: str) -> Callable[[Object, Container], None]:
    def change(_: Object, container: Container) -> None:
        place = container
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]

    return change


def _pod(workload: Object) -> Object:
    spec = workload["spec"]["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else workload["spec"]
    pod: Object = spec["template"]["spec"]
    return pod


def _root_container(_: Object, container: Container) -> None:
    container["securityContext"] |= {"runAsUser": 0}


def _root_pod(workload: Object, _: Container) -> None:
    _pod(workload)["securityContext"] |= {"runAsUser": 0}


def _any_user(workload: Object, _: Container) -> None:
    _pod(workload)["securityContext"].pop("runAsNonRoot")


def _sidecar(workload: Object, _: Container) -> None:
    _pod(workload)["containers"].append({"name": "stowaway", "image": "stowaway"})


def _initial_sidecar(workload: Object, _: Container) -> None:
    _pod(workload).setdefault("initContainers", []).append({"name": "stowaway", "image": "stowaway"})


def _environment(_: Object, container: Container) -> None:
    container.setdefault("env", []).append({"name": "PASSWORD", "value": CANARY})


def _argument(_: Object, container: Container) -> None:
    container.setdefault("args", []).append(f"--password={CANARY}")


def _annotation(workload: Object, _: Container) -> None:
    workload["metadata"].setdefault("annotations", {})["password"] = base64.b64encode(CANARY.encode()).decode()


def _unclaimed(workload: Object, _: Container) -> None:
    del workload["spec"]["volumeClaimTemplates"]


def _unmounted(workload: Object, _: Container) -> None:
    claims = {claim["metadata"]["name"] for claim in workload["spec"]["volumeClaimTemplates"]}
    for mount in (mount for container in _pod(workload)["containers"] for mount in container["volumeMounts"]):
        if mount["name"] in claims:
            mount["name"] = "tmp"


class Cluster:
    """What a component's namespace would hold: its objects, spoilt, and a Secret."""

    def __init__(self, *objects: Object) -> None:
        self._objects = objects

    def list(self, kind: str, namespace: str = "", **_: str) -> list[Object]:
        return [item for item in self._objects if item["kind"] == kind and item["metadata"].get("namespace") == namespace]


def _exposed(spoilt: list[Object]) -> list[str]:
    namespace = spoilt[0]["metadata"]["namespace"]
    data = {"password": base64.b64encode(CANARY.encode()).decode()}
    cluster: Any = Cluster(
        *spoilt, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kept", "namespace": namespace}, "data": data}
    )
    return workload_faults.exposed(cluster, [namespace], lambda secret, key: key == "password")


@dataclass(frozen=True)
class Spoiling:
    """``kinds`` says of which workloads, ``quality`` of which components; ``notices`` is the check that a step makes."""

    name: str
    change: Callable[[Object, Container], None]
    notices: Callable[[list[Object]], list[str]]
    fault: str
    kinds: tuple[str, ...] = workloads.KINDS
    quality: str = ""


SPOILINGS = (
    Spoiling("no limit of memory", _drop("resources", "limits", "memory"), workload_faults.without_resources, "no limits.memory"),
    Spoiling("no limit of cpu", _drop("resources", "limits", "cpu"), workload_faults.without_resources, "no limits.cpu"),
    Spoiling("no request of memory", _drop("resources", "requests", "memory"), workload_faults.without_resources, "no requests.memory"),
    Spoiling("no request of cpu", _drop("resources", "requests"), workload_faults.without_resources, "no requests.cpu"),
    Spoiling("no resources", _drop("resources"), workload_faults.without_resources, "no limits.cpu"),
    Spoiling("a container beside it", _sidecar, workload_faults.without_resources, "stowaway"),
    Spoiling("a container before it", _initial_sidecar, workload_faults.without_resources, "stowaway"),
    Spoiling("an unwatched container beside it", _sidecar, workload_faults.without_probes, "stowaway", workloads.LASTING),
    Spoiling("no liveness probe", _drop("livenessProbe"), workload_faults.without_probes, "no livenessProbe", workloads.LASTING),
    Spoiling("no readiness probe", _drop("readinessProbe"), workload_faults.without_probes, "no readinessProbe", workloads.LASTING),
    Spoiling("a root container", _root_container, workload_faults.as_root, "user 0"),
    Spoiling("a root pod", _root_pod, workload_faults.as_root, "user 0"),
    Spoiling("any user", _any_user, workload_faults.as_root, "runAsNonRoot False"),
    Spoiling("a password in the environment", _environment, _exposed, "value of Secret kept"),
    Spoiling("a password in the arguments", _argument, _exposed, "value of Secret kept"),
    Spoiling("a password in an annotation", _annotation, _exposed, "value of Secret kept"),
    Spoiling("no claim", _unclaimed, workload_faults.without_volumes, "claims no volume", ("StatefulSet",), "volumes"),
    Spoiling(
        "a claim that is not mounted", _unmounted, workload_faults.without_volumes, "no container mounts", ("StatefulSet",), "volumes"
    ),
)

every_component = pytest.mark.parametrize(
    "component", [pytest.param(kind(Inventory()), id=kind.name) for kind in COMPONENTS if kind.name not in RELEASED]
)


@every_component
@pytest.mark.parametrize("spoiling", [pytest.param(spoiling, id=spoiling.name) for spoiling in SPOILINGS])
def test_a_spoilt_workload_is_noticed(component: Component, spoiling: Spoiling, context: Callable[[], Context]) -> None:
    is_promised = not spoiling.quality or spoiling.quality in component.qualities
    whole = [item for item in component.objects(context()) if is_promised and item["kind"] in spoiling.kinds]
    assert not whole or not spoiling.notices(whole)
    for spoilt in _each_spoilt(whole, spoiling):
        assert [fault for fault in spoiling.notices(spoilt) if spoiling.fault in fault]


def _each_spoilt(whole: list[Object], spoiling: Spoiling) -> Iterator[list[Object]]:
    """The objects once for every container, with that one spoilt."""
    for place, workload in enumerate(whole):
        for number in range(len(_pod(workload)["containers"])):
            spoilt = copy.deepcopy(whole)
            spoiling.change(spoilt[place], _pod(spoilt[place])["containers"][number])
            yield spoilt


def test_the_spoilings_try_something(context: Callable[[], Context]) -> None:
    """Components without workloads are tried by nothing; there are others."""
    running = [
        item
        for kind in COMPONENTS
        if kind.name not in RELEASED
        for item in kind(Inventory()).objects(context())
        if item["kind"] in workloads.KINDS
    ]
    assert len(running) >= 5
    assert [item for item in running if item["kind"] == "StatefulSet"]


class NothingReleased:
    """A folder whose files are there and empty: the kinds and rights of a release run nothing that could be spoilt."""

    def __truediv__(self, _: str) -> Path:
        return Path(os.devnull)


@pytest.fixture
def context() -> Callable[[], Context]:
    """A context without images, releases or a cluster."""
    released: Any = NothingReleased()
    return lambda: Context(
        Inventory(), "10.88.88.2", lambda name: f"thinkube.local/{name}:0123456789abcdef", lambda _: released, lambda: "CA"
    )
