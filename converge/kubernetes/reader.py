"""What can be read of a cluster, for whoever the API's client itself has to ask."""

from __future__ import annotations

from typing import Protocol

from converge.kubernetes.objects import KubernetesObject

Objects = list[KubernetesObject]  # by this name, since in a reader `list` is a verb


class Reader(Protocol):
    """`converge.kubernetes.client.Api` is one."""

    def find(self, kind: str, name: str, namespace: str = "") -> KubernetesObject | None:
        """One object, or None where it (or its kind) does not exist."""

    def list(self, kind: str, namespace: str = "", *, labels: str = "") -> Objects:
        """All objects of a kind, of one namespace or ("") of all."""
