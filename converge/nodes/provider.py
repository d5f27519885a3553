"""Where nodes come from, behind one small interface: embedded, hosts and existing give the same to everyone above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from converge.kubernetes.difference import Difference
from converge.process import Completed
from converge.progress import Progress


@dataclass(frozen=True)
class Node:
    """A machine (or what acts as one) of the cluster: ``Node("local-control", "10.88.88.2", "control")``."""

    name: str
    address: str
    role: str


@dataclass(frozen=True)
class RegistryAccess:
    """How nodes pull from ``host``: which CA they trust there ("" for the public ones), and with which login."""

    host: str
    ca_pem: str
    username: str
    password: str = field(repr=False)


class Cluster(Protocol):
    """A running cluster, as its provider hands it over."""

    name: str
    kubeconfig: Path
    nodes: tuple[Node, ...]
    ingress_address: str
    audit_log: Path | None
    """Writes that reached the API server, as JSON lines without bodies; None where the provider cannot tell."""
    lets_in: bool
    """Whether programs can be run on its nodes; where not, ``run`` is Unavailable."""

    def run(self, node: str, argv: Sequence[str], *, timeout_s: float = 60, stdin: str | None = None) -> Completed:
        """Run a program on a node as root; the exit status is in the answer, not an error."""

    def load_images(self, archives: Mapping[str, Path], nodes: Sequence[str] | None = None) -> bool:
        """Make images runnable: ``{"thinkube.local/keycloak:5f1c…": Path("….tar")}``.

        ``nodes`` names them; the default is all on which ordinary pods run (not a control node that leaves them to workers).

        Nodes work in parallel; what a node already has costs one listing. Returns whether any node lacked something.
        """

    def read_authentication(self) -> str:
        """The API server's AuthenticationConfiguration in force, as YAML text; "" where the provider cannot tell."""

    def write_authentication(self, text: str) -> None:
        """Replace the AuthenticationConfiguration; the API server reloads it by itself.

        Raises:
            Unavailable: this provider gives no way to configure the API server.
        """

    def pulls_otherwise(self, registry: RegistryAccess) -> Sequence[str]:
        """The nodes that do not pull from a registry so; empty where the provider cannot tell."""

    def let_pull(self, registry: RegistryAccess) -> None:
        """Let every node pull so, without a Secret in anybody's namespace.

        Raises:
            Unavailable: this provider gives no way to configure nodes.
        """

    def knows_registry(self, host: str) -> bool:
        """Whether the nodes pull from a registry as `let_pull` told them."""

    def forget_registry(self, host: str) -> None:
        """Take that back; absent is fine."""


class NodeProvider(Protocol):
    """Brings a cluster up, down and away."""

    def check(self) -> None:
        """See that this machine has what a start needs; nothing is touched.

        Raises:
            Missing: everything that it lacks.
        """

    def start(self, progress: Progress) -> Cluster:
        """Create the cluster or start what is stopped or half dead; quick where it already runs."""

    def find(self) -> Cluster | None:
        """The cluster if it is running now, without changing anything."""

    def why_not(self) -> str:
        """Why ``find`` found none: "not running", or "unreachable" with the reason."""

    def next_command(self) -> str:
        """What a person types where ``find`` found none."""

    def differences(self) -> Sequence[Difference]:
        """What of the running cluster is not as a start leaves it, but for nodes that are not Ready; read, never written."""

    def last_words(self, node: str) -> str:
        """What a node's own programs said last; "" where nobody can tell."""

    def exists(self) -> bool:
        """Whether there is a cluster of that name, running or stopped; what a start left that did not get far is none."""

    def stop(self) -> None:
        """Stop every process; data stays."""

    def delete(self) -> None:
        """Remove the cluster and every trace of it, data included."""
