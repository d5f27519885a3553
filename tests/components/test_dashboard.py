"""The dashboard is told of every component, and may read what it shows and nothing else."""

from collections.abc import Callable
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any

from converge.components import known
from converge.components.dashboard.component import READS, Dashboard
from converge.components.manifests import only
from converge.components.terms import Context
from converge.engine.listing import listed
from converge.images.recipes.dashboard.dashboard import catalogue
from converge.inventory import Inventory
from converge.kubernetes.applyset import set_id

IMAGES: Any = SimpleNamespace(version=lambda name: {"keycloak": "26.7.4"}.get(name, ""))
ALL = {name: listed(component, IMAGES) for name, component in known(Inventory()).items()}


def test_the_application_reads_what_the_component_writes(context: Callable[..., Context]) -> None:
    objects = list(Dashboard(Inventory()).objects(replace(context(), components=ALL.values)))
    read = {one.name: one for one in catalogue.read(only(objects, "ConfigMap", "dashboard-components"))}
    assert list(read) == list(ALL)
    keycloak = read["keycloak"]
    assert (keycloak.version, keycloak.part_of, [link.host for link in keycloak.links]) == (
        "26.7.4",
        set_id("keycloak"),
        ["auth.thinkube.test"],
    )
    assert [asdict(probe) for probe in keycloak.probes] == [asdict(probe) for probe in ALL["keycloak"].probes]
    assert not read["minio"].links, "a host for programs is no page"


def test_every_component_says_how_it_is_seen_to_serve() -> None:
    """A new one gets a tile that says something by its parts alone."""
    assert not [name for name, one in ALL.items() if not one.probes]


def test_its_account_only_reads_and_never_secrets() -> None:
    assert {verb for _, _, verbs in READS for verb in verbs} <= {"get", "list"}
    resources = {resource for _, names, _ in READS for resource in names}
    assert not resources & {"secrets", "*", "nodes/proxy", "pods/exec", "configmaps"}


def test_records_are_named_one_by_one(context: Callable[..., Context]) -> None:
    objects = list(Dashboard(Inventory()).objects(context()))
    for name, named in (("dashboard-server", ["record", "acceptance"]), ("dashboard-components", ["dashboard-components"])):
        (rule,) = only(objects, "Role", name)["rules"]
        assert (rule["resources"], rule["resourceNames"], rule["verbs"]) == (["configmaps"], named, ["get"])
