"""A node as testinfra sees a host: ``host(cluster, "local-control").file("/etc/kubernetes/pki/ca.key").mode == 0o600``.

Its commands go the way that the node's provider has into it: namespaces of an embedded cluster, or the SSH connection to a host. What it
tells of processes and services holds for a whole machine: embedded nodes share those of this machine (see docs/decisions.md).
Importing this module imports testinfra, but never pytest.
"""

from __future__ import annotations

from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from converge.nodes.provider import Cluster

DEADLINE_S = 20


def host(cluster: Cluster, node: str) -> Any:
    """A node by its name.

    Raises (when used):
        Unavailable: this provider gives no way into its nodes.
        NotReady: the node does not run.
        ProgramFailed: a command did not end in time.
    """
    return Host(Connection(cluster, node))


class Connection(BaseBackend):
    """Runs what testinfra asks in a node's shell, as root."""

    NAME = "node"

    def __init__(self, cluster: Cluster, node: str) -> None:
        super().__init__(node)
        self._cluster = cluster
        self._encoding = "utf-8"  # as programs are read here; testinfra would ask the node's Python

    def run(self, command: str, *arguments: str, **_: Any) -> CommandResult:
        """Run a command line; ``%s`` in it stands for an argument, which is quoted."""
        line = self.get_command(command, *arguments)
        done = self._cluster.run(self.hostname, ["/bin/sh", "-c", line], timeout_s=DEADLINE_S)
        return self.result(done.code, self.encode(line), done.stdout, done.stderr)
