"""A Secret of Argo CD's whose values follow from others: written anew wherever those have changed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from converge.components.argo_cd.server import NAMESPACE
from converge.components.differences import absent
from converge.components.terms import Difference
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.objects import labels_of

if TYPE_CHECKING:
    from converge.kubernetes.client import Api


class DerivedSecret:
    """``DerivedSecret("argocd-secret", "argo-cd", lambda: {"server.secretkey": key}, labels, access.api)``.

    Keys that the server adds by itself are its own, and stay. It goes with its owner: all that is in it can be made again.
    """

    within = ""

    def __init__(
        self, name: str, owner: str, values: Callable[[], Mapping[str, str]], labels: Mapping[str, str], api: Callable[[], Api]
    ) -> None:
        self.subject = f"Secret {NAMESPACE}/{name}"
        self._name = name
        self._labels = {COMPONENT: owner, **labels}
        self._values = values
        self._api = api

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``: values are not told."""
        seen = self._api().find("Secret", self._name, NAMESPACE)
        if seen is None:
            return absent(self.subject)
        data, labels = seen.get("data") or {}, labels_of(seen)
        return [
            *(
                Difference(self.subject, f"data.{key}", wanted="(secret)", seen="(another)" if key in data else None)
                for key, value in self._encoded().items()
                if data.get(key) != value
            ),
            *(
                Difference(self.subject, f"labels.{key}", wanted=value, seen=labels.get(key))
                for key, value in self._labels.items()
                if labels.get(key) != value
            ),
        ]

    def write(self) -> None:
        """See ``Setting.write``."""
        api, metadata = self._api(), {"name": self._name, "namespace": NAMESPACE, "labels": self._labels}
        wanted = {"metadata": metadata, "data": self._encoded()}
        if self.is_there():
            api.patch("Secret", self._name, NAMESPACE, wanted)
        else:
            api.create({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", **wanted})

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._api().find("Secret", self._name, NAMESPACE) is not None

    def remove(self) -> None:
        """See ``Removable.remove``."""
        self._api().delete("Secret", self._name, NAMESPACE)

    def _encoded(self) -> dict[str, str]:
        return {key: base64.b64encode(value.encode()).decode() for key, value in self._values().items()}
