"""The project that applications belong to where nobody says otherwise.

The server makes it at its start where it is absent, and nobody would know whose it is: it is there before the server, and goes with it.
Source: Argo CD v3.2.11, server/server.go (initializeDefaultProject).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from converge.components.argo_cd.server import GROUP_VERSION, NAMESPACE
from converge.components.differences import absent, differences
from converge.components.terms import Difference
from converge.kubernetes.applyset import set_id
from converge.kubernetes.desired import COMPONENT, PART_OF
from converge.kubernetes.objects import KubernetesObject

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

NAME = "default"
KIND = "AppProject.argoproj.io"

SPEC = {
    "sourceRepos": ["*"],
    "destinations": [{"namespace": "*", "server": "*"}],
    "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
}
"""Who may deliver what is said by roles, not by where it comes from or goes to."""


class DefaultProject:
    """AppProject ``default``; marked as the component's own, so that its kind may go with it."""

    subject = f"AppProject {NAMESPACE}/{NAME}"
    within = ""

    def __init__(self, owner: str, api: Callable[[], Api]) -> None:
        self._labels = {PART_OF: set_id(owner), COMPONENT: owner}
        self._api = api

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self._seen()
        return absent(self.subject) if seen is None else differences(self.subject, self._wanted(), seen)

    def write(self) -> None:
        """See ``Setting.write``; one that the server made is taken over."""
        place = {"name": NAME, "namespace": NAMESPACE, "labels": self._labels}
        self._api().apply({"apiVersion": GROUP_VERSION, "kind": "AppProject", "metadata": place, "spec": SPEC}, force=True)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._seen() is not None

    def remove(self) -> None:
        """See ``Removable.remove``."""
        self._api().delete(KIND, NAME, NAMESPACE)

    def _seen(self) -> KubernetesObject | None:
        return self._api().find(KIND, NAME, NAMESPACE)

    def _wanted(self) -> dict[str, Any]:
        return {"spec": SPEC, "metadata": {"labels": self._labels}}
