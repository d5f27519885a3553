"""A component's own YAML, and the objects of a pinned upstream release."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from converge.components import blocks, manifests
from converge.components.part import Owner, Part
from converge.components.terms import Context, KubernetesObject, Probe
from converge.kubernetes import workloads


class Manifests(Part):
    """The YAML in ``manifests/`` beside the component: ``Manifests(self, images=["wiki"], web=web, database=database)``.

    Templates see what is named here, the shapes of `blocks`, ``image("wiki")``, ``version("wiki")``, ``ca_pem()``, ``trusting()``,
    ``ingress_address``, and ``name`` and ``namespace_name`` of whose they are. ``folder`` is another place than the component's own;
    ``runs`` is "jobs" where the images run to their end instead of for ever. Pods of programs that read the ConfigMaps among these
    manifests only at their start are replaced when those change, where they ``follow`` them.
    """

    def __init__(
        self,
        owner: Owner,
        *,
        images: Sequence[str] = (),
        runs: str = "workloads",
        requires: Sequence[str] = (),
        folder: Path | None = None,
        follow: bool = False,
        **names: object,
    ) -> None:
        self.requires = ("control-node", *requires)
        self.images = images
        self.qualities = (runs,) if images else ()
        self._folder = folder or _folder(type(owner))
        self._follow = follow
        self._names = {"name": owner.name, "namespace_name": owner.namespace} | names

    def probes(self) -> Sequence[Probe]:
        """See ``Part.probes``: what it runs."""
        return [Probe(runs) for runs in self.qualities]

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        objects = manifests.render(
            self._folder,
            **{
                "image": context.image,
                "version": context.version,
                "ca_pem": context.ca_pem,
                "trusting": lambda: blocks.trusting(context.ca_pem()),
                "ingress_address": context.ingress_address,
            }
            | self._names,
        )
        for item in objects if self._follow else ():
            if item["kind"] in workloads.LASTING:
                item["spec"]["template"]["metadata"].setdefault("annotations", {}).update(blocks.configured(objects))
        return objects


class Release(Part):
    """Objects of a pinned release, changed in place by ``fit``: ``Release("local-path", ["storage.yaml"], fit, images=["local-path"])``.

    Without ``images`` it is kinds and rights, which run nothing.
    """

    def __init__(
        self,
        name: str,
        files: Sequence[str],
        fit: Callable[[list[KubernetesObject], Context], None],
        *,
        images: Sequence[str] = (),
        requires: Sequence[str] = (),
    ) -> None:
        self.requires = ("control-node", *requires)
        self.images = images
        self.qualities = ("workloads",) if images else ()
        self.releases = (name,)
        self._name = name
        self._files = files
        self._fit = fit

    def probes(self) -> Sequence[Probe]:
        """See ``Part.probes``: what it runs."""
        return (Probe("workloads"),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        folder = context.release(self._name)
        objects = [item for file in self._files for item in manifests.read(folder / file)]
        self._fit(objects, context)
        return objects


def into(namespace: str) -> Callable[[list[KubernetesObject], Context], None]:
    """The ``fit`` of a release that leaves its namespace to whoever applies it."""

    def fit(objects: list[KubernetesObject], _: Context) -> None:
        for item in objects:
            if item["kind"] != "CustomResourceDefinition":
                item["metadata"]["namespace"] = namespace
            for subject in item.get("subjects", ()):
                subject["namespace"] = namespace

    return fit


class Namespace(Part):
    """The component's namespace, where no manifest of its own brings it."""

    requires = ("control-node",)

    def __init__(self, owner: Owner) -> None:
        self._name = owner.namespace

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        return (blocks.namespace(self._name),)


def _folder(kind: type[object]) -> Path:
    """Where a component's module lies."""
    return Path(str(sys.modules[kind.__module__].__file__)).parent
