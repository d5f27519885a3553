"""What stands in files of every node before its programs start: container runtime, pod network, logins for images."""

from __future__ import annotations

import json

from converge.nodes.kubeadm import configuration
from converge.nodes.kubeadm.plan import Member

PAUSE = "registry.k8s.io/pause:3.10.2"
LOGIN_PROGRAM = f"{configuration.CREDENTIALS}/thinkube"

LOGIN = f"""\
#!/bin/sh
# The kubelet asks for a login where it pulls an image; without an answer it pulls as a stranger.
exec cat {configuration.CREDENTIALS}.json
"""

RUNTIME = f"""\
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = "/run/containerd/containerd.sock"

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{PAUSE}"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.cri.v1.runtime"]
  # Machines without CAP_SYS_RESOURCE refuse a lower score, and every system pod would die of it.
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/opt/thinkube/bin"]
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "/opt/thinkube/bin/runc"
      SystemdCgroup = false
"""


def runtime(*, systemd: bool) -> str:
    """The container runtime's configuration; where systemd is a machine's first process, it makes the containers' control groups."""
    return RUNTIME.replace("SystemdCgroup = false", "SystemdCgroup = true") if systemd else RUNTIME


def pod_network(node: Member) -> str:
    """The pod network of a node: routed links (ptp), so that a Service works also between pods of one node."""
    plugin = {
        "type": "ptp",
        "ipMasq": False,
        "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni",  # addresses of a run that was killed are free again
            "ranges": [[{"subnet": str(node.pods)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
        "mtu": 1500,
    }
    return json.dumps({"cniVersion": "1.0.0", "name": "thinkube", "plugins": [plugin]}, indent=2) + "\n"
