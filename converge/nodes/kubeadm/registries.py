"""How nodes pull from a registry of the platform's: whom its runtime trusts there, and with which login its kubelet pulls.

The runtime reads its file with every pull. The kubelet asks a program for a login (KubeletConfiguration knows no other way that needs no
Secret in a namespace), which prints another file, so a new login needs no restart either.
Source: containerd 2, "Registry Configuration"; Kubernetes documentation, "Configure a kubelet image credential provider".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping

from converge.nodes.kubeadm import configuration
from converge.nodes.kubeadm.machine import Machine
from converge.nodes.kubeadm.plan import Member, Plan
from converge.nodes.provider import RegistryAccess

LOGINS = f"{configuration.CREDENTIALS}.json"
REGISTRIES = "/etc/containerd/certs.d"
_ONE_WRITES = threading.Lock()
"""The logins of several registries stand in one file, and components converge at the same time."""

Machines = Mapping[str, Machine]


def lacking(machines: Machines, registry: RegistryAccess) -> list[str]:
    """The nodes that do not pull so."""
    return [name for name, machine in machines.items() if _stale(machine, registry) or not _asks(machine)]


def write(plan: Plan, machines: Machines, registry: RegistryAccess, lay_out: Callable[[Member], None]) -> None:
    """Let every node pull so; a kubelet of an earlier version, which asks nobody for a login, is started anew, its pods run on."""
    for node in (one for one in plan.nodes if one.name in machines):
        machine = machines[node.name]
        with _ONE_WRITES:
            for path, text in _stale(machine, registry):
                machine.write(path, text, mode=0o600)
        if not _asks(machine):
            lay_out(node)
            machine.end("kubelet")
            machine.start("kubelet", configuration.kubelet_command(node))


def known(machines: Machines, host: str) -> bool:
    """Whether any node knows the registry."""
    return any(machine.read(_hosts_file(host)) for machine in machines.values())


def forget(machines: Machines, host: str) -> None:
    """Let the nodes treat the registry as a stranger's; those that they know besides stay."""
    for machine in machines.values():
        machine.remove(_hosts_file(host), _ca_file(host))
        with _ONE_WRITES:
            if others := {name: login for name, login in _logins(machine.read(LOGINS)).items() if name != host}:
                machine.write(LOGINS, _answer(others), mode=0o600)
            else:
                machine.remove(LOGINS)


def _wanted(registry: RegistryAccess, logins: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    trust = f'  ca = "{_ca_file(registry.host)}"\n' if registry.ca_pem else ""
    yield _ca_file(registry.host), registry.ca_pem
    # Named as a host too, since that is where its CA stands.
    capabilities = 'capabilities = ["pull", "resolve"]'
    yield _hosts_file(registry.host), f'server = "https://{registry.host}"\n\n[host."https://{registry.host}"]\n  {capabilities}\n{trust}'
    yield LOGINS, _answer({**logins, registry.host: {"username": registry.username, "password": registry.password}})


def _logins(files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The logins that a node has, by registry."""
    try:
        known: dict[str, dict[str, str]] = json.loads(files[LOGINS])["auth"]
    except (ValueError, KeyError, TypeError):
        return {}
    return known


def _answer(logins: Mapping[str, Mapping[str, str]]) -> str:
    """What the kubelet is told, which takes the login of the registry that it pulls from; it asks anew for each pull."""
    answer = {
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "kind": "CredentialProviderResponse",
        "cacheKeyType": "Registry",
        "cacheDuration": "0s",
        "auth": {name: dict(logins[name]) for name in sorted(logins)},
    }
    return json.dumps(answer) + "\n"


def _stale(machine: Machine, registry: RegistryAccess) -> list[tuple[str, str]]:
    files = machine.read(_ca_file(registry.host), _hosts_file(registry.host), LOGINS)
    return [(path, text) for path, text in _wanted(registry, _logins(files)) if files.get(path) != text]


def _hosts_file(host: str) -> str:
    return f"{REGISTRIES}/{host}/hosts.toml"


def _ca_file(host: str) -> str:
    return f"{REGISTRIES}/{host}/ca.crt"


def _asks(machine: Machine) -> bool:
    """Whether the kubelet that runs asks for logins; one that does not run will."""
    command = machine.command("kubelet")
    return command is None or configuration.ASKS_FOR_LOGINS in command
