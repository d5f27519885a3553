"""Kubernetes objects as plain JSON data, and how to name one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KubernetesObject = dict[str, Any]
"""A Kubernetes object as plain JSON data."""

MANAGER = "thinkube"
"""The field manager of everything that is applied."""

SYSTEM_NAMESPACE = "thinkube-system"
"""Where the Lease and the ApplySet parents live."""

CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"
"""On every control node; as a taint, where workers take the pods."""


@dataclass(frozen=True, order=True)
class Ref:
    """Which object: ``Ref("Deployment", "keycloak", "keycloak", "apps/v1")``; ``namespace`` is "" for cluster-wide kinds."""

    kind: str
    name: str
    namespace: str = ""
    api_version: str = ""

    @classmethod
    def of(cls, obj: KubernetesObject) -> Ref:
        """The name of an object that has ``apiVersion``, ``kind`` and ``metadata``."""
        metadata = obj["metadata"]
        return cls(obj["kind"], metadata.get("name", ""), metadata.get("namespace", ""), obj["apiVersion"])

    @property
    def group_kind(self) -> str:
        """``Deployment.apps``, or ``ConfigMap`` in the core group."""
        group = self.api_version.rpartition("/")[0]
        return f"{self.kind}.{group}" if group else self.kind

    @property
    def kubectl(self) -> str:
        """How kubectl names it: ``deployment.apps/keycloak -n keycloak``."""
        return f"{self.group_kind.lower()}/{self.name}" + (f" -n {self.namespace}" if self.namespace else "")

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def labels_of(obj: KubernetesObject) -> dict[str, str]:
    """The labels of an object; empty where it has none."""
    return obj.get("metadata", {}).get("labels") or {}


def annotations_of(obj: KubernetesObject) -> dict[str, str]:
    """The annotations of an object; empty where it has none."""
    return obj.get("metadata", {}).get("annotations") or {}


@dataclass(frozen=True)
class GeneratedSecret:
    """A Secret whose values are made once, at random, and then kept: it is created when absent, never overwritten.

    ``keys`` maps each key to its kind: ``"password"`` (32 letters and digits, some of each), ``"hex16"`` and ``"hex32"`` (so many
    hexadecimal digits), ``"ssh-key"`` (a private key in OpenSSH's form), ``"rsa-key"`` (one in PKCS 1) or ``"=text"`` for a fixed value
    beside the generated ones, such as a user name. ``copies`` are namespaces in which consumers find the same Secret under the same name.
    ``lasting`` says why it can never be replaced.
    """

    namespace: str
    name: str
    keys: Mapping[str, str]
    copies: tuple[str, ...] = ()
    lasting: str = ""
