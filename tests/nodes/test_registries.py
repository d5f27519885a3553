"""What nodes know of the platform's registry: whom they trust there, and the login that their kubelets pull with."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from converge.inventory.model import EmbeddedNodes, Inventory
from converge.nodes.embedded import files
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.machine import machines
from converge.nodes.kubeadm import configuration, registries
from converge.nodes.provider import RegistryAccess

REGISTRY = RegistryAccess("registry.thinkube.test", "CA\n", "robot-nodes", "secret")
IDLE: Any = SimpleNamespace(process=lambda *_: None)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout.of(Inventory(nodes=EmbeddedNodes(workers=1)), tmp_path)
    for node in made.nodes:
        files.write(made, node)
    return made


def tell(layout: Layout, spaces: Any, registry: RegistryAccess) -> None:
    registries.write(layout, machines(layout, spaces), registry, lambda node: files.write(layout, layout.node(node.name)))


def test_nodes_are_told_once_and_follow_another_password(layout: Layout) -> None:
    assert registries.lacking(machines(layout, IDLE), REGISTRY) == [node.name for node in layout.nodes]
    tell(layout, IDLE, REGISTRY)
    assert registries.lacking(machines(layout, IDLE), REGISTRY) == []
    another = RegistryAccess(REGISTRY.host, REGISTRY.ca_pem, REGISTRY.username, "another")
    assert registries.lacking(machines(layout, IDLE), another) == [node.name for node in layout.nodes]


def test_the_runtime_trusts_the_platforms_ca_at_the_registry_only(layout: Layout) -> None:
    tell(layout, IDLE, REGISTRY)
    folder = layout.control.root / "etc/containerd/certs.d/registry.thinkube.test"
    (host,) = tomllib.loads((folder / "hosts.toml").read_text())["host"].values()
    assert host["ca"] == "/etc/containerd/certs.d/registry.thinkube.test/ca.crt"
    assert (folder / "ca.crt").read_text() == "CA\n"


def test_public_certificates_need_no_ca(layout: Layout) -> None:
    tell(layout, IDLE, RegistryAccess(REGISTRY.host, "", "robot-nodes", "secret"))
    hosts = layout.control.root / "etc/containerd/certs.d/registry.thinkube.test/hosts.toml"
    assert "ca" not in tomllib.loads(hosts.read_text())["host"]["https://registry.thinkube.test"]


def test_only_root_reads_the_login_and_a_program_prints_it(layout: Layout) -> None:
    tell(layout, IDLE, REGISTRY)
    login = layout.control.root / registries.LOGINS.lstrip("/")
    assert login.stat().st_mode & 0o777 == 0o600
    assert json.loads(login.read_text())["auth"] == {REGISTRY.host: {"username": "robot-nodes", "password": "secret"}}
    program = layout.control.root / configuration.CREDENTIALS.lstrip("/") / "thinkube"
    assert program.stat().st_mode & 0o777 == 0o755
    assert registries.LOGINS in program.read_text()


def test_the_kubelet_asks_for_names_of_the_domain(layout: Layout) -> None:
    (provider,) = yaml.safe_load((layout.control.root / configuration.CREDENTIALS.lstrip("/") / "config.yaml").read_text())["providers"]
    assert (provider["name"], provider["matchImages"]) == ("thinkube", ["*.thinkube.test"])
    assert configuration.ASKS_FOR_LOGINS in configuration.kubelet_command(layout.control)


def test_a_kubelet_that_asks_nobody_is_started_anew(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(layout, IDLE, REGISTRY)
    monkeypatch.setattr(registries, "_asks", lambda *_: False)
    done: list[tuple[str, ...]] = []
    spaces: Any = SimpleNamespace(end=lambda *words: done.append(("end", *words)), spawn=lambda *words: done.append(("spawn", *words[:2])))
    assert registries.lacking(machines(layout, spaces), REGISTRY) == [node.name for node in layout.nodes]
    tell(layout, spaces, REGISTRY)
    assert done == [(verb, node.name, "kubelet") for node in layout.nodes for verb in ("end", "spawn")]


def test_nodes_know_several_registries_and_forget_one(layout: Layout) -> None:
    other = RegistryAccess("harbor.thinkube.test", "CA\n", "robot$nodes", "another")
    for registry in (REGISTRY, other):
        tell(layout, IDLE, registry)
    assert not [one for one in (REGISTRY, other) if registries.lacking(machines(layout, IDLE), one)]
    login = layout.control.root / registries.LOGINS.lstrip("/")
    assert set(json.loads(login.read_text())["auth"]) == {REGISTRY.host, other.host}
    registries.forget(machines(layout, IDLE), REGISTRY.host)
    assert json.loads(login.read_text())["auth"] == {other.host: {"username": "robot$nodes", "password": "another"}}
    assert not registries.known(machines(layout, IDLE), REGISTRY.host)
    assert registries.known(machines(layout, IDLE), other.host)


def test_what_nodes_knew_is_forgotten(layout: Layout) -> None:
    tell(layout, IDLE, REGISTRY)
    assert registries.known(machines(layout, IDLE), REGISTRY.host)
    registries.forget(machines(layout, IDLE), REGISTRY.host)
    registries.forget(machines(layout, IDLE), REGISTRY.host)
    assert not registries.known(machines(layout, IDLE), REGISTRY.host)
    assert not (layout.control.root / registries.LOGINS.lstrip("/")).exists()
