import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from converge.acceptance import workload_faults
from converge.components import COMPONENTS, known
from converge.components.component import Component
from converge.components.terms import Context
from converge.images.catalog import load, recipe
from converge.inventory import Inventory, read
from converge.inventory.model import EmbeddedNodes
from converge.kubernetes import workloads
from converge.kubernetes.equality import quantity
from converge.places import source_root

ContextOf = Callable[..., Context]

OTHER = Inventory(
    name="elsewhere",
    domain_name="lab.example.org",
    admin_username="margaret",
    nodes={"kind": "existing", "kubeconfig": "/somewhere/kubeconfig", "ingress_address": "172.30.7.9"},  # type: ignore[arg-type]
)
NO_TRACE = ("thinkube.test", "10.88.", "10.244.", "10.96.", "tkadmin", "local-control", "local-worker", "/home", "/root")

ANYTHING: Any = SimpleNamespace(http=None, secret=None, execute=None, api=None)
"""The way to a platform that nobody goes."""

every_component = pytest.mark.parametrize("component", [pytest.param(kind(Inventory()), id=kind.name) for kind in COMPONENTS])


@every_component
def test_nothing_of_the_default_inventory_is_left_in_another(component: Component, context: ContextOf) -> None:
    there = context(OTHER, address="172.30.7.9")
    elsewhere = type(component)(OTHER)
    text = json.dumps([*elsewhere.objects(there), *[str(item) for item in elsewhere.secrets()]])
    text += " ".join(endpoint.host for endpoint in elsewhere.endpoints())
    for own in ("/home/harbor/", "/home/person", "/hub/home"):  # where images have a program and a person's files, and a page
        text = text.replace(own, "")
    assert not [trace for trace in NO_TRACE if trace in text]


@every_component
def test_every_host_is_of_the_domain(component: Component) -> None:
    assert all(endpoint.host.endswith(".lab.example.org") for endpoint in type(component)(OTHER).endpoints())


@every_component
def test_the_same_inventory_gives_the_same_objects(component: Component, context: ContextOf) -> None:
    assert component.objects(context()) == component.objects(context())


@every_component
def test_pods_that_read_the_ca_at_their_start_follow_another_one(component: Component, context: ContextOf) -> None:
    def pods(ca_pem: str) -> dict[str, Any]:
        objects = component.objects(replace(context(), ca_pem=lambda: ca_pem))
        holders = {item["metadata"]["name"] for item in objects if item["kind"] == "ConfigMap" and "ca.crt" in item["data"]}
        templates = {
            item["metadata"]["name"]: item["spec"]["template"] for item in objects if item["kind"] in ("Deployment", "StatefulSet")
        }
        names = {"platform-ca"} | holders
        return {name: pod for name, pod in templates.items() if any(_holder(one) in names for one in pod["spec"].get("volumes") or ())}

    before, after = pods("one"), pods("another")
    assert all(before[name]["metadata"] != after[name]["metadata"] for name in before)


def _holder(volume: dict[str, Any]) -> str:
    return str((volume.get("configMap") or {}).get("name", ""))


@every_component
def test_the_releases_that_it_fits_are_obtained_ahead(component: Component, context: ContextOf) -> None:
    asked: list[str] = []
    made = context()
    component.objects(replace(made, release=lambda name: (asked.append(name), made.release(name))[1]))
    assert set(asked) == set(component.releases)


@every_component
def test_no_object_is_named_twice(component: Component, context: ContextOf) -> None:
    names = sorted((item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in _own(component, context))
    assert not [name for name, following in pairwise(names) if name == following]


@every_component
def test_every_container_is_bounded_watched_and_unprivileged(component: Component, context: ContextOf) -> None:
    running = [item for item in _own(component, context) if item["kind"] in workloads.KINDS]
    assert not workload_faults.without_resources(running)
    assert not workload_faults.without_probes(running)
    assert not workload_faults.as_root(running)


@every_component
def test_no_container_writes_its_root_file_system_or_keeps_a_capability(component: Component, context: ContextOf) -> None:
    for item in _own(component, context):
        for where, container in workloads.containers([item], initial=True) if item["kind"] in workloads.KINDS else ():
            security = container.get("securityContext", {})
            assert security.get("readOnlyRootFilesystem"), where
            assert security.get("capabilities") == {"drop": ["ALL"]}, where
            assert security.get("allowPrivilegeEscalation") is False, where


@every_component
def test_every_image_is_one_that_the_component_names(component: Component, context: ContextOf) -> None:
    images = {container["image"] for _, container in _containers(component, context)}
    assert {image.removeprefix("thinkube.local/").partition(":")[0] for image in images} <= set(component.images)
    assert all(image.startswith("thinkube.local/") for image in images)


@every_component
def test_its_qualities_are_those_of_its_objects(component: Component, context: ContextOf) -> None:
    """They are known without rendering anything, and decide which standard promises a component makes."""
    objects = _own(component, context)
    kinds = {item["kind"] for item in objects}
    claims = [one for one in objects if one["kind"] == "PersistentVolumeClaim" or one.get("spec", {}).get("volumeClaimTemplates")]
    led = [item for item in objects if item["kind"] == "Ingress" and "cert-manager" in component.requires]
    has = {
        "secrets": bool(component.credentials(context(), ANYTHING)),
        "workloads": bool(kinds & set(workloads.LASTING)),
        "jobs": bool(kinds & {"Job", "CronJob"}),
        "volumes": bool(claims),
        "hosts": bool(led),  # the ingress is there before there is an issuer
        "sign-on": any(endpoint.sign_on for endpoint in component.endpoints()),
        "removable": not component.is_machine,
        "keepsake": bool(component.keeps),
        "nothing-to-lose": bool(component.keeps_nothing),
    }
    assert component.qualities == {quality for quality, is_so in has.items() if is_so}


@every_component
def test_no_secret_value_stands_in_an_object(component: Component, context: ContextOf) -> None:
    """The CA's certificate is none, and what the cluster fills in itself stands nowhere before."""
    held = [
        (item["metadata"]["name"], {**item.get("data", {}), **item.get("stringData", {})})
        for item in _own(component, context)
        if item["kind"] == "Secret"
    ]
    assert not [name for name, data in held if data.keys() - {"ca.crt"}]


def test_names_are_unique_and_requirements_exist() -> None:
    names = [kind.name for kind in COMPONENTS]
    assert len(set(names)) == len(names)
    assert not {need for component in known(Inventory()).values() for need in component.requires} - set(names)


def _own(component: Component, context: ContextOf) -> list[dict[str, Any]]:
    return list(component.objects(context()))


def _containers(component: Component, context: ContextOf) -> Iterator[tuple[str, dict[str, Any]]]:
    return workloads.containers([item for item in _own(component, context) if item["kind"] in workloads.KINDS], initial=True)


def test_everything_that_is_built_here_fits_on_one_worker_of_two_cores(context: ContextOf) -> None:
    """With room for what it starts: steps of workflows, jobs, and pods that scenarios throw away. Beyond it they would wait for ever."""
    asked = _processors_asked_for([one for one in known(Inventory()).values() if not one.is_optional], context)
    assert sum(asked.values()) <= ROOM_ON_A_WORKER, asked


def test_optional_components_fit_on_the_workers_that_the_full_inventory_has(context: ContextOf) -> None:
    full = read(source_root() / "inventory/full.yaml", components=known(Inventory()))
    assert isinstance(full.nodes, EmbeddedNodes)
    asked = _processors_asked_for(known(full).values(), context)
    assert sum(asked.values()) <= ROOM_ON_A_WORKER * full.nodes.workers, asked


def test_the_full_inventory_has_every_component() -> None:
    full = read(source_root() / "inventory/full.yaml", components=known(Inventory()))
    assert full.enabled(known(full)) == tuple(known(full))


ROOM_ON_A_WORKER = Decimal("1.7")


def _processors_asked_for(components: Iterable[Component], context: ContextOf) -> dict[str, Decimal]:
    """What the components ask for that are built here, with DNS and what kubeadm runs beside it."""
    catalog = load()
    asked = {"kubernetes": Decimal("0.2")}
    for component in components:
        if all((recipe(catalog.built(image)) / "Containerfile").exists() for image in component.images):
            running = [item for item in component.objects(context()) if item["kind"] in workloads.LASTING]
            pods = [pod for item in running for _, pod in workloads.containers([item])]
            asked[component.name] = sum((quantity(pod["resources"]["requests"]["cpu"]) or Decimal(0) for pod in pods), Decimal(0))
    return asked
