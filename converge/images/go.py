"""The Go toolchain, and programs built with it from the modules that a recipe pins."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from converge import surroundings
from converge.errors import Missing, Refused
from converge.images.cache import remove
from converge.images.catalog import ADDITIONS, GoArtifact
from converge.images.registry import fetch
from converge.process import ProgramFailed, run

NEEDED = (1, 26)
TOOLCHAIN = "golang.org/toolchain@v0.0.1-go1.26.8.linux-{machine}"
SUMS = {"amd64": "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM="}
"""Machine → the hash of the toolchain's module."""

_ENVIRONMENT: dict[str, str] = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly -buildvcs=false",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
    "GO111MODULE": "on",
}
_DOWNLOADING = "go: downloading "
_PACKAGE = re.compile(r"[\w.@~/-]+")
"""What `go build -v` says of a package: its name."""
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@functools.cache
def present() -> Path | None:
    """A Go program on PATH, of whatever version."""
    found = surroundings.which("go")
    return Path(found) if found else None


@functools.cache
def go_program() -> Path:
    """A Go that is new enough: the one on PATH, else the pinned toolchain, which any older Go can fetch as a module.

    Raises:
        Missing: there is no Go at all to begin with.
    """
    go = present()
    if go is None:
        raise Missing("a Go toolchain", seen="no `go` on PATH", next_command="apt-get install -y --no-install-recommends golang-go")
    version = re.search(r"go(\d+)\.(\d+)", run([go, "version"], env={"GOTOOLCHAIN": "local"}, builds=True).stdout)
    if version and tuple(map(int, version.groups())) >= NEEDED:
        return go
    return fetch_toolchain(go)


def fetch_toolchain(go: Path) -> Path:
    """The pinned toolchain from the module cache, fetched by an older Go where it is absent."""
    import platform

    machine = MACHINES.get(platform.machine(), platform.machine())
    module = TOOLCHAIN.format(machine=machine)
    fetched = download(module, go=go)
    if machine in SUMS and fetched["Sum"] != SUMS[machine]:
        raise Refused(
            f"the Go toolchain {module}", seen=f"hash {fetched['Sum']}", cause=f"pinned is {SUMS[machine]}", next_command="go env GOPROXY"
        )
    root = Path(fetched["Dir"])
    # A module's files carry no execute bits unless the fetching Go knows that this one is a toolchain.
    for program in (*root.glob("bin/*"), *root.glob("pkg/tool/*/*")):
        if not program.stat().st_mode & 0o111:
            program.chmod(program.stat().st_mode | 0o111)
    return root / "bin" / "go"


def download(module: str, *, go: Path | None = None, stop: threading.Event | None = None) -> dict[str, str]:
    """Fetch one module, checked against the checksum database: ``{"Dir": …, "Sum": "h1:…"}``."""
    with tempfile.TemporaryDirectory(prefix="thinkube-go-") as empty:
        completed = fetch(
            [go or go_program(), "mod", "download", "-json", module],
            f"the Go module {module}",
            stop=stop or threading.Event(),
            env=_ENVIRONMENT | {"GOFLAGS": "-mod=mod"},
            cwd=Path(empty),
        )
    answer: dict[str, str] = json.loads(completed.stdout)
    return answer


@contextmanager
def workspace(artifact: GoArtifact, recipe: Path, stop: threading.Event) -> Iterator[Path]:
    """Where a recipe's programs are built: the recipe itself, or beside a copy of the module that it completes.

    Files of the module cache cannot be added to, nor overlaid.
    """
    if artifact.completed is None:
        yield recipe
        return
    wanted = artifact.completed
    fetched = download(wanted.module, stop=stop)
    if fetched["Sum"] != wanted.sum:
        raise Refused(
            f"the Go module {wanted.module}", seen=f"hash {fetched['Sum']}", cause=f"pinned is {wanted.sum}", next_command="go env GOPROXY"
        )
    with tempfile.TemporaryDirectory(prefix="thinkube-go-") as made:
        place = Path(made) / "recipe"
        shutil.copytree(recipe, place, ignore=shutil.ignore_patterns(ADDITIONS))
        # Contents only: the module cache is read-only.
        module = shutil.copytree(fetched["Dir"], place / wanted.folder, copy_function=shutil.copyfile)
        for folder in (module, *(path for path in module.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        shutil.copytree(recipe / ADDITIONS, module, dirs_exist_ok=True, copy_function=_add)
        yield place


def _add(source: str, target: str) -> str:
    """Copy a file that is not there yet: what the module has is the module's."""
    if Path(target).exists():
        raise Refused(f"{source} to be an addition", seen="the module has such a file", next_command="thinkube images list")
    return str(shutil.copyfile(source, target))


def fetch_modules(name: str, artifact: GoArtifact, recipe: Path, stop: threading.Event, at: Callable[[str], None] = lambda _: None) -> int:
    """Download what the programs of a recipe are compiled from, and nothing else; of how many packages they consist.

    ``at`` hears of each module: ``"12: k8s.io/api v0.37.2"``.
    """
    count = 0

    def on_line(line: str) -> None:
        nonlocal count
        if line.startswith(_DOWNLOADING):
            count += 1
            at(f"{count}: {line.removeprefix(_DOWNLOADING)}")

    argv: list[str | Path] = [go_program(), "list", "-deps", *_tags(artifact), "-f", "{{.ImportPath}}", _target(recipe)]
    return len(fetch(argv, f"the Go modules of {name}", stop=stop, env=_ENVIRONMENT, cwd=recipe, on_line=on_line).stdout.splitlines())


def build(
    name: str, artifact: GoArtifact, recipe: Path, folder: Path, stop: threading.Event, at: Callable[[str], None] = lambda _: None
) -> None:
    """Build the programs of a recipe into ``folder``: static, stripped, the same bytes for the same inputs.

    ``at`` hears the name of each package that is compiled, which those are not that the compiler has in its own cache.
    """

    def on_line(line: str) -> None:
        if _PACKAGE.fullmatch(line):
            at(line)

    flags = ["-v", "-trimpath", *_tags(artifact), "-ldflags", " ".join(("-s", "-w", *artifact.ldflags))]
    scratch = folder / ".scratch"
    scratch.mkdir()
    try:
        run(
            ["nice", go_program(), "build", *flags, "-o", f"{folder}/", _target(recipe)],
            env=_ENVIRONMENT | {"GOTMPDIR": str(scratch)},
            cwd=recipe,
            timeout_s=3600,
            stop=stop,
            on_line=on_line,
            builds=True,
        )
    except ProgramFailed as error:
        if "no space left" in error.completed.stderr:
            raise Missing(f"room to build {name}", seen="no space left on device", next_command="thinkube images gc") from error
        trouble = "\n".join(line for line in error.completed.stderr.splitlines() if not _PACKAGE.fullmatch(line))
        raise ProgramFailed(dataclasses.replace(error.completed, stderr=trouble), seen=error.seen) from error
    remove(scratch)
    for further in artifact.names:
        (folder / further).symlink_to(name)


def _target(recipe: Path) -> str:
    # "tool" stands for every program that go.mod's tool lines name.
    return "tool" if re.search(r"^tool\b", (recipe / "go.mod").read_text(encoding="utf-8"), re.MULTILINE) else "."


def _tags(artifact: GoArtifact) -> list[str]:
    return ["-tags", ",".join(artifact.tags)] if artifact.tags else []
