"""How nodes pull from a registry of the platform's: whom its runtime trusts there, and with which login its kubelet pulls.

The runtime reads its file with every pull. The kubelet asks a program for a login (KubeletConfiguration knows no other way that needs no
Secret in a namespace), which prints another file, so a new login needs no restart either.
Source: containerd 2, "Registry Configuration"; Kubernetes documentation, "Configure a kubelet image credential provider".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from converge.nodes.embedded import files, kubeadm
from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.embedded.spaces import Spaces
from converge.nodes.provider import RegistryAccess

LOGINS = "etc/kubernetes/image-credentials.json"
_ONE_WRITES = threading.Lock()
"""The logins of several registries stand in one file, and components converge at the same time."""


def lacking(layout: Layout, spaces: Spaces, registry: RegistryAccess) -> list[str]:
    """The nodes that do not pull so."""
    return [node.name for node in layout.nodes if _stale(node, registry) or not _asks(spaces, node)]


def write(layout: Layout, spaces: Spaces, registry: RegistryAccess) -> None:
    """Let every node pull so; a kubelet of an earlier version, which asks nobody for a login, is started anew, its pods run on."""
    for node in layout.nodes:
        with _ONE_WRITES:
            for path, text in _stale(node, registry):
                _put(path, text)
        if not _asks(spaces, node):
            files.write(layout, node)
            spaces.end(node.name, "kubelet")
            spaces.spawn(node.name, "kubelet", kubeadm.kubelet_command(node))


def known(layout: Layout, host: str) -> bool:
    """Whether any node knows the registry."""
    return any(_hosts_file(node, host).exists() for node in layout.nodes)


def forget(layout: Layout, host: str) -> None:
    """Let the nodes treat the registry as a stranger's; those that they know besides stay."""
    for node in layout.nodes:
        for path in (_hosts_file(node, host), _hosts_file(node, host).with_name("ca.crt")):
            path.unlink(missing_ok=True)
        with _ONE_WRITES:
            if others := {name: login for name, login in _logins(node).items() if name != host}:
                _put(node.root / LOGINS, _answer(others))
            else:
                (node.root / LOGINS).unlink(missing_ok=True)


def _wanted(node: EmbeddedNode, registry: RegistryAccess) -> Iterator[tuple[Path, str]]:
    hosts = _hosts_file(node, registry.host)
    trust = f'  ca = "/etc/containerd/certs.d/{registry.host}/ca.crt"\n' if registry.ca_pem else ""
    yield hosts.with_name("ca.crt"), registry.ca_pem
    # Named as a host too, since that is where its CA stands.
    capabilities = 'capabilities = ["pull", "resolve"]'
    yield hosts, f'server = "https://{registry.host}"\n\n[host."https://{registry.host}"]\n  {capabilities}\n{trust}'
    yield node.root / LOGINS, _answer(_logins(node) | {registry.host: {"username": registry.username, "password": registry.password}})


def _logins(node: EmbeddedNode) -> dict[str, dict[str, str]]:
    """The logins that a node has, by registry."""
    try:
        known: dict[str, dict[str, str]] = json.loads((node.root / LOGINS).read_text())["auth"]
    except (OSError, ValueError, KeyError, TypeError):
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


def _stale(node: EmbeddedNode, registry: RegistryAccess) -> list[tuple[Path, str]]:
    return [(path, text) for path, text in _wanted(node, registry) if not path.exists() or path.read_text() != text]


def _put(path: Path, text: str) -> None:
    """Replaced at once, since somebody may read it now; the login is for root only."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.chmod(0o600)
    draft.replace(path)


def _hosts_file(node: EmbeddedNode, host: str) -> Path:
    return node.root / "etc/containerd/certs.d" / host / "hosts.toml"


def _asks(spaces: Spaces, node: EmbeddedNode) -> bool:
    """Whether the kubelet that runs asks for logins; one that does not run will."""
    pid = spaces.process(node.name, "kubelet")
    return pid is None or kubeadm.ASKS_FOR_LOGINS in Path(f"/proc/{pid}/cmdline").read_text().split("\0")
