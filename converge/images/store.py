"""Images, node programs and release manifests by name, from the cache, a registry, or built here."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from converge.errors import Missing, ThinkubeError, Unavailable
from converge.images import builder, go, packages, releases, tools
from converge.images.cache import RECORD, Cache, Key, Stopped
from converge.images.catalog import Catalog, DebianArtifact, GoArtifact, MavenArtifact, PyPiArtifact, load, recipe
from converge.images.digests import Digests
from converge.images.upstream import Upstream
from converge.inventory.model import Inventory
from converge.places import cache_folder
from converge.process import ProgramFailed
from converge.progress import SILENCE, Progress, State

REPOSITORY = "thinkube.local"
"""The registry name of images built here; nothing serves it, so a node that lacks one can never fetch a stranger's."""

SCRATCH = 4
"""A build needs about this many times the room of the image while it runs."""


class Images:
    """What the nodes run, as the inventory says where it comes from; safe to use from many threads and processes."""

    def __init__(self, inventory: Inventory, progress: Progress = SILENCE, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or load()
        self._source = inventory.images.source
        self._progress = progress
        self._stop = threading.Event()
        self._digests = Digests(self.catalog)
        self._upstream = Upstream(inventory.images.mirror, self._stop)
        self.cache = Cache(cache_folder(), progress, self._stop)
        # One Go build already uses every core; what waits for the network or the disk goes on beside it.
        self._compiling = threading.Semaphore(1)
        self._packing = threading.Semaphore(1)

    def reference(self, name: str) -> str:
        """What the nodes call the image: ``thinkube.local/keycloak:5f1c0a2b3c4d5e6f``, or its published name.

        Known without building or pulling. The tag is the digest of everything that the image is built from.
        """
        return self._upstream_names(name)[0] if self._pulls(name) else self._built_name(name)

    def references(self, name: str) -> tuple[str, ...]:
        """Every name under which the archive holds the image; kubeadm asks for some by their published names."""
        published = self._upstream_names(name)
        if self._pulls(name):
            return published
        return (self._built_name(name), *(published if self.catalog.images[name].fixed_names else ()))

    def availability(self, name: str) -> str | None:
        """None where the image can be had with this inventory, else the reason why not."""
        image = self.catalog.images[name]
        if self._source == "packages":
            return None if _has_recipe(name) else f"image {name} is only published, and the inventory says images.source: packages"
        if self._source == "upstream":
            return self._upstream.refusal(image.upstream[0]) if image.upstream else f"image {name} is not published"
        if _has_recipe(name):
            return None
        return self._upstream.refusal(image.upstream[0]) if image.upstream else f"image {name} is neither published nor buildable"

    def archive(self, name: str) -> Path:
        """The image as an OCI archive, pulled or built unless it is cached.

        Raises:
            Unavailable: with this inventory it cannot be had.
        """
        reason = self.availability(name)
        if reason:
            raise Unavailable(f"image {name}", seen=reason)
        if self._pulls(name):
            return self._obtain(self._digests.pulled(name), lambda folder: self._pull(name, folder)) / builder.ARCHIVE
        return self._built(name) / builder.ARCHIVE

    def programs(self) -> Path:
        """The folder of everything that nodes run outside containers: kubelet, kubeadm, kubectl, containerd, runc, CNI plugins."""
        with ThreadPoolExecutor(len(self.catalog.programs)) as pool:
            folders = dict(zip(self.catalog.programs, pool.map(self.artifact, self.catalog.programs), strict=True))

        def link(folder: Path) -> None:
            programs = folder / "bin"
            programs.mkdir()
            for artifact in folders.values():
                for program in artifact.iterdir():
                    if program.suffix != ".json":
                        target = program.resolve() if program.is_symlink() else program
                        (programs / program.name).symlink_to(os.path.relpath(target, self.cache.path(key) / "bin"))

        key = self._digests.programs()
        return self._obtain(key, link) / "bin"

    def artifact(self, name: str) -> Path:
        """The folder of an artifact's files."""
        return self._obtain(self._digests.artifact(name), lambda folder: self._make_artifact(name, folder))

    def release(self, name: str) -> Path:
        """The folder of a pinned release's manifests."""
        release = self.catalog.releases[name]

        def extract(folder: Path) -> None:
            helm = self.artifact("helm") / "helm" if release.chart else None
            releases.extract(name, release, folder, helm, self._stop)

        return self._obtain(self._digests.release(name), extract)

    def prepare(self, names: Iterable[str], *, programs: bool = False, releases: Iterable[str] = ()) -> None:
        """Have images (and node programs, and manifests) ready, in parallel; the first failure stops the rest and is raised.

        Raises:
            Missing: a tool, or room on the disk.
        """
        names = list(dict.fromkeys(names))
        self._require_room(names, programs=programs)
        jobs: list[Callable[[], object]] = [self.programs] if programs else []
        jobs += [lambda name=name: self.archive(name) for name in names]  # type: ignore[misc]
        jobs += [lambda name=name: self.release(name) for name in releases]  # type: ignore[misc]
        pool = ThreadPoolExecutor(4, thread_name_prefix="images")
        futures = [pool.submit(job) for job in jobs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            failed = [error for future in futures if future.done() and (error := future.exception())]
            if failed:
                raise next((error for error in failed if not isinstance(error, Stopped)), failed[0])
        except BaseException:
            self.cancel()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def cancel(self) -> None:
        """End what is being built or pulled, for good; the threads that wait for it raise."""
        self._stop.set()

    def _pulls(self, name: str) -> bool:
        """Whether the image comes from upstream: what is cached decides before the network does, so that answers do not flap."""
        image = self.catalog.images[name]
        if self._source != "auto" or not image.upstream:
            return self._source == "upstream" and bool(image.upstream)
        if self.cache.path(self._digests.pulled(name)).is_dir():
            return True
        if self.cache.path(self._digests.image(name)).is_dir():
            return False
        return self._upstream.refusal(image.upstream[0]) is None

    def _upstream_names(self, name: str) -> tuple[str, ...]:
        return tuple(reference.partition("@")[0] for reference in self.catalog.images[name].upstream)

    def _built_name(self, name: str) -> str:
        return f"{REPOSITORY}/{name}:{self._digests.image(name).digest}"

    def _obtain(self, key: Key, make: Callable[[Path], None]) -> Path:
        def making(folder: Path) -> None:
            started = time.monotonic()
            self._progress.note(str(key), State.STARTED)
            try:
                make(folder)
            except BaseException as error:
                reason = error.wanted if isinstance(error, ThinkubeError) else type(error).__name__
                self._progress.note(str(key), State.FAILED, reason)
                if self._stop.is_set() and not isinstance(error, Stopped):
                    raise Stopped(f"{key} made", seen="called off") from error
                if isinstance(error, ProgramFailed):
                    again = f"thinkube images build {key.name}" if key.kind in ("images", "pulled") else "thinkube images build programs"
                    raise ThinkubeError(f"{key} made", seen=error.seen, cause=error.cause, next_command=again) from error
                raise
            self._progress.note(str(key), State.DONE, f"{time.monotonic() - started:.0f} s")

        return self.cache.obtain(key, making)

    def _make_artifact(self, name: str, folder: Path) -> None:
        tools.require()
        artifact = self.catalog.artifacts[name]
        subject = f"artifact {name}"
        match artifact:
            case GoArtifact():
                self._progress.note(subject, State.WAITING, "downloading Go modules")
                go.fetch_modules(name, artifact, recipe(name), self._stop)
                with self._turn(self._compiling, subject, "compiling"):
                    go.build(name, artifact, recipe(name), folder, self._stop)
            case DebianArtifact():
                packages.debian(artifact, folder, self._stop)
            case PyPiArtifact():
                packages.pypi(artifact, folder, self._stop)
            case MavenArtifact():
                packages.maven(artifact, folder, self._stop)

    def _built(self, name: str) -> Path:
        return self._obtain(self._digests.image(name), lambda folder: self._build(name, folder))

    def _build(self, name: str, folder: Path) -> None:
        tools.require()
        image = self.catalog.images[name]
        parent = (image.from_, self._built(image.from_) / builder.ARCHIVE) if image.from_ else None
        artifacts = {needed: self.artifact(needed) for needed in image.artifacts}
        references = [self._built_name(name), *(self._upstream_names(name) if image.fixed_names else ())]
        with self._turn(self._packing, f"image {name}", "building"):
            if name == "base":
                builder.build_base(folder, recipe(name), references, debian=self.catalog.debian, labels=self._labels(name), stop=self._stop)
            else:
                builder.build(
                    folder, recipe(name), references, parent=parent, artifacts=artifacts, labels=self._labels(name), stop=self._stop
                )

    def _pull(self, name: str, folder: Path) -> None:
        self._upstream.pull(self.catalog.images[name].upstream, folder)

    def _labels(self, name: str) -> dict[str, str]:
        image = self.catalog.images[name]
        labels = {
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.base.name": self._built_name(image.from_) if image.from_ else "scratch",
            "local.thinkube.inputs": self._digests.image(name).digest,
            "local.thinkube.built-from": " ".join(self._origin(needed) for needed in image.artifacts)
            or f"debian:{self.catalog.debian.suite}",
        }
        if image.upstream:
            labels["local.thinkube.stands-for"] = " ".join(image.upstream)
        return labels

    def _origin(self, name: str) -> str:
        match self.catalog.artifacts[name]:
            case PyPiArtifact(requirement=origin) | MavenArtifact(coordinate=origin) | DebianArtifact(package=origin):
                return origin
            case _:
                return f"recipes/{name}/go.mod"

    def _turn(self, semaphore: threading.Semaphore, subject: str, doing: str) -> _Turn:
        return _Turn(semaphore, self._stop, lambda detail: self._progress.note(subject, State.WAITING, detail), doing)

    def _require_room(self, names: Sequence[str], *, programs: bool) -> None:
        absent = self._absent(names, programs=programs)
        needed = sum(mib for _, mib in absent) + SCRATCH * max((mib for key, mib in absent if key.kind == "images"), default=0)
        folder = next(parent for parent in (self.cache.folder, *self.cache.folder.parents) if parent.exists())
        free = shutil.disk_usage(folder).free >> 20
        if free < needed:
            raise Missing(
                f"{needed} MiB free at {self.cache.folder}",
                seen=f"{free} MiB",
                cause=f"{len(absent)} entries are to be built or pulled",
                next_command="thinkube images gc, or set THINKUBE_CACHE to a larger disk",
            )

    def _absent(self, names: Sequence[str], *, programs: bool) -> list[tuple[Key, int]]:
        """What would have to be made, and the MiB it takes."""
        needed: dict[Key, int] = {}
        artifacts = set(self.catalog.programs if programs else ())
        for name in names:
            if self._pulls(name):
                needed[self._digests.pulled(name)] = self.catalog.images[name].mib
                continue
            step: str | None = name
            while step and not (self.cache.path(self._digests.image(step)) / RECORD).exists():
                needed[self._digests.image(step)] = self.catalog.images[step].mib
                artifacts.update(self.catalog.images[step].artifacts)
                step = self.catalog.images[step].from_
        needed |= {self._digests.artifact(name): self.catalog.artifacts[name].mib for name in artifacts}
        return [(key, mib) for key, mib in needed.items() if not (self.cache.path(key) / RECORD).exists()]

    def wanted(self) -> set[Key]:
        """The entries that this catalog may use; all others are garbage."""
        catalog = self.catalog
        keys = {self._digests.artifact(name) for name in catalog.artifacts} | {self._digests.release(name) for name in catalog.releases}
        keys |= {key(name) for name in catalog.images for key in (self._digests.image, self._digests.pulled)}
        return keys | {self._digests.programs()}

    def cached(self, name: str) -> str:
        """Which form of an image is in the cache: ``"built"``, ``"pulled"`` or ``""``."""
        forms = {"built": self._digests.image(name), "pulled": self._digests.pulled(name)}
        return " and ".join(form for form, key in forms.items() if self.cache.holds(key))


class _Turn:
    """A place at a semaphore that one can be called away from."""

    def __init__(self, semaphore: threading.Semaphore, stop: threading.Event, say: Callable[[str], None], doing: str) -> None:
        self._semaphore = semaphore
        self._stop = stop
        self._say = say
        self._doing = doing

    def __enter__(self) -> None:
        if not self._semaphore.acquire(blocking=False):
            self._say("waiting for its turn")
            while not self._semaphore.acquire(timeout=0.25):
                if self._stop.is_set():
                    raise Stopped(self._doing, seen="called off")
        self._say(self._doing)

    def __exit__(self, *_: object) -> None:
        self._semaphore.release()


def _has_recipe(name: str) -> bool:
    return (recipe(name) / "Containerfile").exists()
