"""Room for data that outlives pods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.components.part import Owner, Part
from converge.components.terms import Context, KubernetesObject


class Volume(Part):
    """A volume of a StatefulSet's pods, each with its own: ``volumeClaimTemplates: [{{ volume.template }}]``.

    ``Volume(self, "10Gi")`` is so large unless the inventory's ``storage`` of the component says otherwise.
    """

    requires = ("storage",)
    qualities = ("volumes",)

    def __init__(self, owner: Owner, size: str, *, name: str = "data") -> None:
        self.name = name
        self.size = owner.inventory.options(owner.name).storage or size

    @property
    def template(self) -> Mapping[str, Any]:
        """The claim that each pod gets one of."""
        return {"metadata": {"name": self.name}, "spec": self._spec()}

    def _spec(self) -> dict[str, Any]:
        return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": self.size}}}


class SharedVolume(Volume):
    """A volume that a Deployment's pods mount by the claim's name: ``persistentVolumeClaim: {claimName: {{ volume.claim }}}``."""

    def __init__(self, owner: Owner, size: str, *, name: str = "data") -> None:
        super().__init__(owner, size, name=name)
        self.claim = f"{owner.name}-{name}"
        self._namespace = owner.namespace

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        metadata = {"name": self.claim, "namespace": self._namespace}
        return ({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": self._spec()},)
