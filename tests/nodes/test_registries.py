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
from converge.nodes.embedded import files, kubeadm, registries
from converge.nodes.embedded.layout import Layout
from converge.nodes.provider import RegistryAccess

REGISTRY = RegistryAccess("registry.thinkube.test", "CA\n", "robot-nodes", "secret")
IDLE: Any = SimpleNamespace(process=lambda *_: None)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout.of(Inventory(nodes=EmbeddedNodes(workers=1)), tmp_path)
    for node in made.nodes:
        files.write(made, node)
    return made


def test_nodes_are_told_once_and_follow_another_password(layout: Layout) -> None:
    assert registries.lacking(layout, IDLE, REGISTRY) == [node.name for node in layout.nodes]
    registries.write(layout, IDLE, REGISTRY)
    assert registries.lacking(layout, IDLE, REGISTRY) == []
    another = RegistryAccess(REGISTRY.host, REGISTRY.ca_pem, REGISTRY.username, "another")
    assert registries.lacking(layout, IDLE, another) == [node.name for node in layout.nodes]


def test_the_runtime_trusts_the_platforms_ca_at_the_registry_only(layout: Layout) -> None:
    registries.write(layout, IDLE, REGISTRY)
    folder = layout.control.root / "etc/containerd/certs.d/registry.thinkube.test"
    (host,) = tomllib.loads((folder / "hosts.toml").read_text())["host"].values()
    assert host["ca"] == "/etc/containerd/certs.d/registry.thinkube.test/ca.crt"
    assert (folder / "ca.crt").read_text() == "CA\n"


def test_public_certificates_need_no_ca(layout: Layout) -> None:
    registries.write(layout, IDLE, RegistryAccess(REGISTRY.host, "", "robot-nodes", "secret"))
    hosts = layout.control.root / "etc/containerd/certs.d/registry.thinkube.test/hosts.toml"
    assert "ca" not in tomllib.loads(hosts.read_text())["host"]["https://registry.thinkube.test"]


def test_only_root_reads_the_login_and_a_program_prints_it(layout: Layout) -> None:
    registries.write(layout, IDLE, REGISTRY)
    login = layout.control.root / registries.LOGINS
    assert login.stat().st_mode & 0o777 == 0o600
    assert json.loads(login.read_text())["auth"] == {REGISTRY.host: {"username": "robot-nodes", "password": "secret"}}
    program = layout.control.root / kubeadm.CREDENTIALS.lstrip("/") / "thinkube"
    assert program.stat().st_mode & 0o777 == 0o755
    assert f"/{registries.LOGINS}" in program.read_text()


def test_the_kubelet_asks_for_names_of_the_domain(layout: Layout) -> None:
    (provider,) = yaml.safe_load((layout.control.root / kubeadm.CREDENTIALS.lstrip("/") / "config.yaml").read_text())["providers"]
    assert (provider["name"], provider["matchImages"]) == ("thinkube", ["*.thinkube.test"])
    assert kubeadm.ASKS_FOR_LOGINS in kubeadm.kubelet_command(layout.control)


def test_a_kubelet_that_asks_nobody_is_started_anew(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    registries.write(layout, IDLE, REGISTRY)
    monkeypatch.setattr(registries, "_asks", lambda *_: False)
    done: list[tuple[str, ...]] = []
    spaces: Any = SimpleNamespace(end=lambda *words: done.append(("end", *words)), spawn=lambda *words: done.append(("spawn", *words[:2])))
    assert registries.lacking(layout, spaces, REGISTRY) == [node.name for node in layout.nodes]
    registries.write(layout, spaces, REGISTRY)
    assert done == [(verb, node.name, "kubelet") for node in layout.nodes for verb in ("end", "spawn")]


def test_nodes_know_several_registries_and_forget_one(layout: Layout) -> None:
    other = RegistryAccess("harbor.thinkube.test", "CA\n", "robot$nodes", "another")
    for registry in (REGISTRY, other):
        registries.write(layout, IDLE, registry)
    assert not [one for one in (REGISTRY, other) if registries.lacking(layout, IDLE, one)]
    login = layout.control.root / registries.LOGINS
    assert set(json.loads(login.read_text())["auth"]) == {REGISTRY.host, other.host}
    registries.forget(layout, REGISTRY.host)
    assert json.loads(login.read_text())["auth"] == {other.host: {"username": "robot$nodes", "password": "another"}}
    assert not registries.known(layout, REGISTRY.host)
    assert registries.known(layout, other.host)


def test_what_nodes_knew_is_forgotten(layout: Layout) -> None:
    registries.write(layout, IDLE, REGISTRY)
    assert registries.known(layout, REGISTRY.host)
    registries.forget(layout, REGISTRY.host)
    registries.forget(layout, REGISTRY.host)
    assert not registries.known(layout, REGISTRY.host)
    assert not (layout.control.root / registries.LOGINS).exists()
