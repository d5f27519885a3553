"""Images, node programs and release manifests by name, from the cache, a registry, or built here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from converge.errors import Unavailable
from converge.images import disk_space, versions
from converge.images.cache import Cache, Key, Stopped
from converge.images.catalog import Catalog, GoArtifact, load, recipe
from converge.images.digests import Digests
from converge.images.maker import Maker
from converge.images.upstream import Upstream
from converge.inventory.model import Inventory
from converge.places import cache_folder
from converge.progress import SILENCE, Progress

Made = TypeVar("Made")


class Images:
    """What the nodes run, as the inventory says where it comes from; safe to use from many threads and processes."""

    def __init__(self, inventory: Inventory, progress: Progress = SILENCE, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or load()
        self._source = inventory.images.source
        self._stop = threading.Event()
        self._digests = Digests(self.catalog)
        published = [reference for image in self.catalog.images.values() for reference in image.upstream]
        self._upstream = Upstream(published, inventory.images.mirror, self._stop)
        self.cache = Cache(cache_folder(), progress, self._stop)
        self._maker = Maker(self.catalog, self.cache, self._upstream, progress, self._stop)

    def reference(self, name: str) -> str:
        """What the nodes call the image: ``thinkube.local/keycloak:5f1c0a2b3c4d5e6f``, or its published name.

        Known without building or pulling. The tag is the digest of everything that the image is built from.
        """
        return self.references(name)[0]

    def references(self, name: str) -> tuple[str, ...]:
        """Every name under which the archive holds the image; kubeadm asks for some by their published names."""
        return self._maker.names(name, pulls=self._pulls(name))

    def version(self, name: str) -> str:
        """Which version of its product the image holds, where the catalog says it: ``26.7.4``."""
        return (versions.published if self._pulls(name) else versions.built)(self.catalog, name)

    def availability(self, name: str) -> str | None:
        """None where the image can be had with this inventory, else the reason why not."""
        image, is_buildable = self.catalog.images[name], self.is_buildable(name)
        if self._source == "packages":
            return None if is_buildable else f"image {name} is only published, and the inventory says images.source: packages"
        if self._source == "auto" and is_buildable:
            return None
        if not image.upstream:
            return f"image {name} is not published"
        if is_buildable:
            return self._upstream.refusal(image.upstream[0])
        if self.cache.path(self._digests.pulled(name)).is_dir() or (refusal := self._upstream.refusal(image.upstream[0])) is None:
            return None
        return f"{image.upstream[0]} is only published, and {refusal}; images.mirror in the inventory may name a registry that has it"

    def is_buildable(self, name: str) -> bool:
        """Whether there is a recipe for it; what has none is only published."""
        return (recipe(self.catalog.built(name)) / "Containerfile").exists()

    def archive(self, name: str) -> Path:
        """The image as an OCI archive, pulled or built unless it is cached.

        Raises:
            Unavailable: with this inventory it cannot be had.
        """
        reason = self.availability(name)
        if reason:
            raise Unavailable(f"image {name}", seen=reason)
        return self._maker.pulled(name) if self._pulls(name) else self._maker.built(name)

    def programs(self) -> Path:
        """The folder of everything that nodes run outside containers: kubelet, kubeadm, kubectl, containerd, runc, CNI plugins."""
        names = self.catalog.programs
        folders = self._together([lambda name=name: self._maker.artifact(name) for name in names])  # type: ignore[misc]
        return self._maker.programs(dict(zip(names, folders, strict=True)))

    def tool(self, name: str) -> Path:
        """A program that people use beside the nodes' own, such as ``helm``."""
        return self._maker.artifact(name) / name

    def release(self, name: str) -> Path:
        """The folder of a pinned release's manifests, e.g. ``cert-manager`` with its ``cert-manager.yaml``."""
        return self._maker.release(name)

    def prepare(self, names: Iterable[str], *, programs: bool = False, releases: Iterable[str] = ()) -> None:
        """Have images (and node programs, and manifests) ready, in parallel; one that fails does not keep the others.

        Raises:
            Missing: a tool, or room on the disk.
            ThinkubeError: the first failure, after everything else is ready.
        """
        names = list(dict.fromkeys(names))
        disk_space.require(self.cache.folder, self._absent(names, programs=programs))
        jobs: list[Callable[[], object]] = [self.programs] if programs else []
        jobs += [lambda name=name: self.archive(name) for name in names]  # type: ignore[misc]
        jobs += [lambda name=name: self.release(name) for name in releases]  # type: ignore[misc]
        self._together(jobs)

    def cancel(self) -> None:
        """End what is being built or pulled, for good; the threads that wait for it raise."""
        self._stop.set()

    def wanted(self) -> set[Key]:
        """The entries that this catalog may use; all others are garbage."""
        keys = {self._digests.artifact(name) for name in self.catalog.artifacts} | {self._digests.programs()}
        keys |= {self._digests.release(name) for name in self.catalog.releases}
        return keys | {key(name) for name in self.catalog.images for key in (self._digests.image, self._digests.pulled)}

    def cached(self, name: str) -> str:
        """Which form of an image is in the cache: ``"built"``, ``"pulled"``, both or ``""``."""
        forms = {"built": self._digests.image(name), "pulled": self._digests.pulled(name)}
        return " and ".join(form for form, key in forms.items() if self.cache.holds(key))

    def _pulls(self, name: str) -> bool:
        """Whether the image comes from upstream: what is cached decides before the network does, so that answers do not flap."""
        image = self.catalog.images[name]
        if not self.is_buildable(name):
            return True
        if self._source != "auto" or not image.upstream:
            return self._source == "upstream" and bool(image.upstream)
        if self.cache.path(self._digests.pulled(name)).is_dir():
            return True
        if self.cache.path(self._digests.image(name)).is_dir():
            return False
        return self._upstream.refusal(image.upstream[0]) is None

    def _together(self, jobs: Sequence[Callable[[], Made]]) -> list[Made]:
        """Run all, four at a time; an interruption calls off every one and waits until nothing half-made is left."""
        pool = ThreadPoolExecutor(4, thread_name_prefix="images")
        try:
            futures = [pool.submit(job) for job in jobs]
            failed = [error for future in futures if (error := future.exception())]
        except BaseException:
            self.cancel()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        if failed:
            raise next((error for error in failed if not isinstance(error, Stopped)), failed[0])
        return [future.result() for future in futures]

    def _absent(self, names: Sequence[str], *, programs: bool) -> list[disk_space.Need]:
        """What would have to be made."""
        needs: list[disk_space.Need] = []
        artifacts = set(self.catalog.programs if programs else ())
        images: dict[Key, int] = {}
        for name in names:
            if self._pulls(name):
                images[self._digests.pulled(name)] = self.catalog.images[name].mib
                continue
            step: str | None = self.catalog.built(name)
            while step and not self.cache.path(self._digests.image(step)).is_dir():
                images[self._digests.image(step)] = self.catalog.images[step].mib
                artifacts.update(self.catalog.images[step].artifacts)
                step = self.catalog.images[step].from_
        needs += [disk_space.Need(mib, image=True) for key, mib in images.items() if not self.cache.path(key).is_dir()]
        for name in artifacts:
            artifact = self.catalog.artifacts[name]
            if not self.cache.path(self._digests.artifact(name)).is_dir():
                needs.append(disk_space.Need(artifact.mib, compiled=isinstance(artifact, GoArtifact)))
        return needs
