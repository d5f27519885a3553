"""Nodes as machines, seen through testinfra: sockets, settings, files, services, packages, and the operator's account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_bdd import given, parsers, then, when

from converge.acceptance import machines
from converge.engine.platform import Platform
from converge.errors import Unavailable
from converge.inventory import Inventory
from converge.inventory.model import HostsNodes


@given("a look into every node", target_fixture="hosts_by_node")
def look_into_nodes(platform: Platform) -> Mapping[str, Any]:
    return machines.looks(platform.cluster())


@given("the nodes are machines of their own")
def nodes_are_machines(inventory: Inventory) -> None:
    if not isinstance(inventory.nodes, HostsNodes):
        raise Unavailable(
            "nodes that are machines of their own", seen=f"nodes of kind {inventory.nodes.kind} share what these scenarios ask for"
        )


@then(parsers.re(r"every node listens on port (?P<port>\d+)"))
def nodes_listen(hosts_by_node: Mapping[str, Any], port: str) -> None:
    assert not [name for name, host in hosts_by_node.items() if int(port) not in machines.ports(host)]


@then(parsers.re(r'every node has "(?P<setting>[^"]+)" set to (?P<value>\d+)'))
def nodes_set(hosts_by_node: Mapping[str, Any], setting: str, value: str) -> None:
    assert {name: host.sysctl(setting) for name, host in hosts_by_node.items()} == dict.fromkeys(hosts_by_node, int(value))


@then(parsers.re(r'only root of every node may read "(?P<path>[^"]+)"'))
def root_reads(hosts_by_node: Mapping[str, Any], path: str) -> None:
    seen = {name: machines.readers(host, path) for name, host in hosts_by_node.items()}
    assert seen == dict.fromkeys(hosts_by_node, "root root 0o600"), seen


@then(parsers.re(r'systemd of every host that has it keeps "(?P<service>[^"]+)" running'))
def services_kept(hosts_by_node: Mapping[str, Any], service: str) -> None:
    kept = {name: machines.is_kept(host, service) for name, host in hosts_by_node.items() if machines.has_systemd(host)}
    if not kept:
        raise Unavailable("systemd", seen="no host of this inventory runs it: `thinkube cluster start` starts their programs again")
    assert all(kept.values()), kept


@then(parsers.re(r'no host has the package "(?P<package>[^"]+)"'))
def package_absent(hosts_by_node: Mapping[str, Any], package: str) -> None:
    assert not [name for name, host in hosts_by_node.items() if host.package(package).is_installed]


@when("the operator's account there asks kubectl and helm", target_fixture="answers")
def account_asks(inventory: Inventory, hosts_by_node: Mapping[str, Any]) -> Mapping[str, str]:
    return machines.answers(*machines.control(inventory, hosts_by_node))


@then("both answer")
def both_answer(hosts_by_node: Mapping[str, Any], answers: Mapping[str, str]) -> None:
    assert sorted(answers["kubectl get nodes --output=name"].split()) == sorted(f"node/{name}" for name in hosts_by_node)
    assert answers["helm list --output=json"].strip() == "[]"


@then("bash, zsh and fish know the short names there")
def short_names_known(inventory: Inventory, hosts_by_node: Mapping[str, Any]) -> None:
    host, user = machines.control(inventory, hosts_by_node)
    unknown = machines.unknown_names(host, user)
    assert not unknown, unknown
