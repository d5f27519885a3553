"""What stands in the files of a node before its programs start: container runtime, pod network, names."""

from __future__ import annotations

import hashlib
from pathlib import Path

from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.kubeadm import configuration
from converge.nodes.kubeadm.node_files import LOGIN, RUNTIME, pod_network
from converge.surroundings import make_folder

FOLDERS = (
    "dev", "etc/cni/net.d", "etc/containerd/certs.d", "etc/kubernetes/audit", "etc/kubernetes/authentication",
    "etc/kubernetes/image-credentials", "etc/kubernetes/manifests", "etc/kubernetes/patches", "etc/ssl/certs",
    "opt/local-path-provisioner", "opt/thinkube/bin", "proc", "root", "run", "sys", "tmp", "usr",
    "var/cache", "var/lib/cni", "var/lib/containerd", "var/lib/etcd", "var/lib/kubelet/pki", "var/lib/kubelet/volumeplugins",
    "var/log/containers", "var/log/kubernetes", "var/log/pods", "var/tmp",
)  # fmt: skip


def hosts(layout: Layout) -> str:
    """A node's /etc/hosts: itself and the other nodes."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    return "\n".join([*lines, *(f"{node.address} {node.name}" for node in layout.nodes)]) + "\n"


def contents(layout: Layout, node: EmbeddedNode) -> dict[str, str]:
    """Path below the node's root → what the file says."""
    return {
        "etc/cni/net.d/10-thinkube.conflist": pod_network(node),
        "etc/containerd/config.toml": RUNTIME,
        "etc/group": "root:x:0:\n",
        "etc/hostname": f"{node.name}\n",
        "etc/hosts": hosts(layout),
        "etc/kubernetes/image-credentials/config.yaml": configuration.text(configuration.credential_provider(layout)),
        "etc/kubernetes/image-credentials/thinkube": LOGIN,
        "etc/machine-id": hashlib.sha256(node.name.encode()).hexdigest()[:32] + "\n",
        # The node itself asks the cluster's DNS, so that it resolves the platform's own names …
        "etc/resolv.conf": f"nameserver {layout.dns_address}\nsearch svc.cluster.local cluster.local\noptions timeout:2\n",
        # … which in its turn asks this machine: nobody answers there unless the operator runs a resolver, and that is said at once.
        "etc/kubernetes/upstream-resolv.conf": f"nameserver {layout.host_address}\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    }


def write(layout: Layout, node: EmbeddedNode) -> None:
    """Lay out a node's folder; what is there already stays."""
    for folder in FOLDERS:
        make_folder(node.root / folder)
    (node.root / "tmp").chmod(0o1777)
    (node.root / "var/tmp").chmod(0o1777)
    make_folder(node.folder / "extra/lib/modules")
    for name, text in contents(layout, node).items():
        put(node.root / name, text)
    (node.root / "etc/kubernetes/image-credentials/thinkube").chmod(0o755)


def put(path: Path, text: str) -> None:
    """A file of a node that everybody on it can read, whatever our own umask is; what says the same already stays."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        path.chmod(0o644)
