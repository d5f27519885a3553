"""Workloads: what a component runs is ready, bounded, watched, unprivileged, keeps its secrets and may lose its pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance import workload_faults
from converge.acceptance.loading import load_everywhere
from converge.acceptance.throwaway import ThrowawayPods
from converge.components.terms import GeneratedSecret
from converge.engine.converger import Convergence
from converge.engine.platform import Platform
from converge.inventory import Inventory
from converge.kubernetes import workloads
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.wait import wait_until, wait_until_ready

IMAGE = "base"


@pytest.fixture(scope="session")
def throwaway_pods(platform: Platform, throwaway_namespace: str) -> ThrowawayPods:
    """Pods that can run a program, shared by every scenario of the run, removed at its end."""
    return ThrowawayPods(platform.api, throwaway_namespace, platform.context.image(IMAGE), lambda: load_everywhere(platform, IMAGE))


@then(parsers.re(r'every workload of "(?P<name>[^"]+)" is ready'))
def workloads_ready(platform: Platform, inventory: Inventory, name: str) -> None:
    # What is started only when somebody asks for it runs nothing in between.
    running = _live(platform, name) if {"workloads", "jobs"} & platform.component(name).qualities else []
    wait_until_ready(platform.api, running, inventory.deadlines.component_s, subject=name)


@then(parsers.re(r'every container of "(?P<name>[^"]+)" has resource requests and limits'))
def containers_bounded(platform: Platform, name: str) -> None:
    faults = workload_faults.without_resources(_live(platform, name))
    assert not faults, "\n".join(faults)


@then(parsers.re(r'every container of "(?P<name>[^"]+)" has liveness and readiness probes'))
def containers_watched(platform: Platform, name: str) -> None:
    faults = workload_faults.without_probes(_live(platform, name))
    assert not faults, "\n".join(faults)


@then(parsers.re(r'"(?P<name>[^"]+)" runs no container as root'))
def containers_unprivileged(platform: Platform, name: str) -> None:
    faults = workload_faults.as_root(_live(platform, name))
    assert not faults, "\n".join(faults)


@then(parsers.re(r'"(?P<name>[^"]+)" keeps no credential outside a Secret'))
def credentials_kept(platform: Platform, name: str) -> None:
    generated = platform.component(name).secrets()
    namespaces = {item["metadata"]["namespace"] for item in _live(platform, name)}
    namespaces |= {place for secret in generated for place in (secret.namespace, *secret.copies)}
    faults = workload_faults.exposed(platform.api, namespaces, lambda secret, key: _is_credential(generated, secret, key))
    assert not faults, "\n".join(faults)


@given(parsers.re(r'every pod of "(?P<name>[^"]+)" was deleted'))
@when(parsers.re(r'every pod of "(?P<name>[^"]+)" is deleted'))
def pods_deleted(platform: Platform, inventory: Inventory, name: str) -> None:
    workloads.lose_pods(platform.api, _live(platform, name), inventory.deadlines.component_s)


@given(parsers.re(r'the workloads of "(?P<name>[^"]+)" are deleted'))
def workloads_deleted(platform: Platform, convergence: Convergence, inventory: Inventory, name: str) -> Iterator[None]:
    found = _live(platform, name)
    pods = workloads.pods(platform.api, found)
    for item in found:
        platform.api.delete(item["kind"], item["metadata"]["name"], item["metadata"]["namespace"], uid=item["metadata"]["uid"])
    for pod in pods:
        wait_until(platform.api, Ref.of(pod), lambda seen: seen is None, inventory.deadlines.component_s, wanted="deleted")
    yield
    convergence.again(name)


def _live(platform: Platform, name: str) -> list[KubernetesObject]:
    found = workloads.live(platform.api, platform.objects(name))
    assert found, f"{name} runs nothing: no promise about its workloads can be kept or broken"
    return found


def _is_credential(generated: Sequence[GeneratedSecret], secret: KubernetesObject, key: str) -> bool:
    """What the component generates (fixed values beside it are no secret) and every private key or token of its namespaces."""
    kind = next((made.keys.get(key, "") for made in generated if made.name == secret["metadata"]["name"]), None)
    return not kind.startswith("=") if kind is not None else key in {"tls.key", "token", "password"}
