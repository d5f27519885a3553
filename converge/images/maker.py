"""How each entry of the cache is made, and of what: one compiler and one image build at a time, downloads beside them."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from converge.errors import ThinkubeError
from converge.images import builder, go, jars, packages, releases, tools
from converge.images.cache import Cache, Key, Stopped, size
from converge.images.catalog import (
    FINISHING,
    Catalog,
    DebianArtifact,
    GoArtifact,
    JarsArtifact,
    MavenArtifact,
    PyPiArtifact,
    PythonArtifact,
    recipe,
)
from converge.images.digests import Digests
from converge.images.queue import Queue
from converge.images.upstream import Upstream
from converge.process import ProgramFailed
from converge.progress import Progress, State

REPOSITORY = "thinkube.local"
"""The registry name of images built here; nothing serves it, so a node that lacks one can never fetch a stranger's."""


class Maker:
    """Makes artifacts, images and releases into the cache, each once; what failed is not tried again by the same run."""

    def __init__(self, catalog: Catalog, cache: Cache, upstream: Upstream, progress: Progress, stop: threading.Event) -> None:
        self._catalog = catalog
        self._cache = cache
        self._upstream = upstream
        self._progress = progress
        self._stop = stop
        self._digests = Digests(catalog)
        self._failures: dict[Key, Exception] = {}
        # One Go build already uses every core; what waits for the network or the disk goes on beside it.
        self._compiling = Queue(stop)
        self._packing = Queue(stop)

    def artifact(self, name: str) -> Path:
        """The folder of an artifact's files."""
        return self._obtain(self._digests.artifact(name), lambda folder: self._make_artifact(name, folder))

    def programs(self, artifacts: dict[str, Path]) -> Path:
        """One folder with a link to every program of some artifacts."""
        key = self._digests.programs()

        def link(folder: Path) -> None:
            place = self._cache.path(key) / "bin"
            (folder / "bin").mkdir()
            for artifact in artifacts.values():
                for program in artifact.iterdir():
                    if program.suffix != ".json":
                        (folder / "bin" / program.name).symlink_to(os.path.relpath(program.resolve(), place))

        return self._obtain(key, link) / "bin"

    def built(self, name: str) -> Path:
        """The archive of an image built here."""
        stands_for = self._catalog.built(name)
        return self._obtain(self._digests.image(name), lambda folder: self._build(stands_for, folder)) / builder.ARCHIVE

    def pulled(self, name: str) -> Path:
        """The archive of an image as it is published, or of what its recipe's finish makes of that."""
        return self._obtain(self._digests.pulled(name), lambda folder: self._pull(name, folder)) / builder.ARCHIVE

    def release(self, name: str) -> Path:
        """The folder of a release's manifests."""
        release = self._catalog.releases[name]

        def extract(folder: Path) -> None:
            helm = self.artifact("helm") / "helm" if release.chart else None
            releases.extract(name, release, folder, helm, self._stop)

        return self._obtain(self._digests.release(name), extract)

    def names(self, name: str, *, pulls: bool) -> tuple[str, ...]:
        """Every name under which an image's archive holds it, the one that nodes should use first."""
        image = self._catalog.images[name]
        published = tuple(reference.partition("@")[0] for reference in image.upstream)
        if pulls:
            return (f"{REPOSITORY}/{name}:{self._digests.pulled(name).digest}",) if (recipe(name) / FINISHING).exists() else published
        built = self._digests.image(name)
        return (f"{REPOSITORY}/{built.name}:{built.digest}", *(published if image.fixed_names else ()))

    def _obtain(self, key: Key, make: Callable[[Path], None]) -> Path:
        def making(folder: Path) -> None:
            if key in self._failures:
                raise self._failures[key]
            self._progress.note(str(key), State.STARTED)
            try:
                make(folder)
            except Exception as error:
                explained = self._explain(key, error)
                if not isinstance(explained, Stopped):
                    self._failures[key] = explained
                self._progress.note(str(key), State.FAILED, explained.seen if isinstance(explained, ThinkubeError) else str(explained))
                if explained is error:
                    raise
                raise explained from error
            self._progress.note(str(key), State.DONE)

        return self._cache.obtain(key, making)

    def _explain(self, key: Key, error: Exception) -> Exception:
        if self._stop.is_set():
            return error if isinstance(error, Stopped) else Stopped(f"{key} made", seen="called off")
        if isinstance(error, ProgramFailed):
            again = f"thinkube images build {key.name if key.kind in ('images', 'pulled') else 'programs'}"
            return ThinkubeError(
                f"{key} made", seen=f"`{Path(error.completed.argv[0]).name}`: {error.seen}", cause=error.cause, next_command=again
            )
        return error

    def _make_artifact(self, name: str, folder: Path) -> None:
        tools.require()
        artifact = self._catalog.artifacts[name]
        match artifact:
            case GoArtifact():
                self._compile(name, artifact, folder)
            case DebianArtifact():
                with self._growing(f"artifact {name}", "downloading", folder):
                    packages.debian(artifact, folder, self._stop)
            case PyPiArtifact():
                with self._growing(f"artifact {name}", "downloading", folder):
                    packages.pypi(artifact, folder, self._stop)
            case PythonArtifact():
                with self._growing(f"artifact {name}", "downloading", folder):
                    packages.python(name, artifact, folder, self._stop)
            case MavenArtifact():
                with self._growing(f"artifact {name}", "downloading", folder):
                    packages.maven(artifact, folder, self._stop)
            case JarsArtifact():
                with self._growing(f"artifact {name}", "downloading", folder):
                    jars.jars(name, folder, self._stop)

    def _compile(self, name: str, artifact: GoArtifact, folder: Path) -> None:
        subject = f"artifact {name}"
        self._progress.note(subject, State.WAITING, "downloading Go modules")
        with go.workspace(artifact, recipe(name), self._stop) as source:
            packages = go.fetch_modules(name, artifact, source, self._stop, lambda module: self._moved(subject, module))
            numbers = itertools.count(1)

            def at(package: str) -> None:
                self._moved(subject, f"{next(numbers)} of {packages} packages: {package}")

            with self._turn(self._compiling, subject, "compiling"):
                go.build(name, artifact, source, folder, self._stop, at)

    def _build(self, name: str, folder: Path) -> None:
        tools.require()
        image = self._catalog.images[name]
        if needs := [*([f"image {image.from_}"] if image.from_ else ()), *(f"artifact {needed}" for needed in image.artifacts)]:
            self._progress.note(f"image {name}", State.WAITING, f"for {', '.join(needs)}")
        parent = (image.from_, self.built(image.from_)) if image.from_ else None
        artifacts = {needed: self.artifact(needed) for needed in image.artifacts}
        with self._turn(self._packing, f"image {name}", "building"):
            at = self._steps(f"image {name}")
            if name == "base":
                builder.make_debian(folder, self._catalog.debian, self._stop, at)
            names, labels = self.names(name, pulls=False), self._labels(name)
            containerfile = recipe(name) / "Containerfile"
            held = image.checkout or ()
            builder.build(
                folder, containerfile, names, parent=parent, artifacts=artifacts, held=held, labels=labels, stop=self._stop, at=at
            )

    def _pull(self, name: str, folder: Path) -> None:
        published = self._catalog.images[name].upstream
        with self._growing(f"image {name}", f"pulling {published[0]}", folder):
            self._upstream.pull(published, folder)
        finish = recipe(name) / FINISHING
        if finish.exists():
            tools.require()
            parent = ("upstream", folder / builder.ARCHIVE)
            with self._turn(self._packing, f"image {name}", "building on the published image"):
                names, at = self.names(name, pulls=True), self._steps(f"image {name}")
                builder.build(folder, finish, names, parent=parent, artifacts={}, labels={}, stop=self._stop, at=at)

    def _labels(self, name: str) -> dict[str, str]:
        image = self._catalog.images[name]
        labels = {
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.base.name": self.names(image.from_, pulls=False)[0] if image.from_ else "scratch",
            "local.thinkube.inputs": self._digests.image(name).digest,
            "local.thinkube.built-from": " ".join(self._origin(needed) for needed in image.artifacts)
            or f"debian:{self._catalog.debian.suite}",
        }
        if image.upstream:
            labels["local.thinkube.stands-for"] = " ".join(image.upstream)
        return labels

    def _origin(self, name: str) -> str:
        match self._catalog.artifacts[name]:
            case PyPiArtifact(requirement=origin) | MavenArtifact(coordinate=origin) | DebianArtifact(package=origin):
                return origin
            case PythonArtifact():
                return f"recipes/{name}/{packages.LOCK}"
            case _:
                return f"recipes/{name}/go.mod"

    def _steps(self, subject: str) -> Callable[[str], None]:
        return lambda step: self._progress.note(subject, State.WAITING, step)

    def _moved(self, subject: str, far: str) -> None:
        self._progress.note(subject, State.MOVED, far)

    @contextlib.contextmanager
    def _growing(self, subject: str, doing: str, folder: Path) -> Iterator[None]:
        """Tell how much has arrived in a folder; the programs that download say nothing of it on a pipe."""
        self._progress.note(subject, State.WAITING, doing)
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.5):
                with contextlib.suppress(OSError):  # files come and go
                    self._moved(subject, f"{size(folder) / 1e6:.0f} MB")

        looking = threading.Thread(target=look, name=f"size of {subject}", daemon=True)
        looking.start()
        try:
            yield
        finally:
            ended.set()
            looking.join()

    @contextlib.contextmanager
    def _turn(self, queue: Queue, subject: str, doing: str) -> Iterator[None]:
        with queue.turn(doing, lambda: self._progress.note(subject, State.WAITING, "for its turn")):
            self._progress.note(subject, State.WAITING, doing)
            yield
