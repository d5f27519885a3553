"""Build images from recipes with buildah, in a storage of their own that vanishes afterwards; no container engine, no pulling."""

from __future__ import annotations

import re
import shutil
import tarfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from converge.images import checkout
from converge.images.cache import remove
from converge.images.catalog import ADDITIONS, Debian
from converge.images.registry import fetch
from converge.process import run
from converge.surroundings import open_up

ARCHIVE = "image.tar"
SCRATCH = ".scratch"
CONTEXT = "context"
CHECKOUT = "checkout"
_STEP = re.compile(r"STEP (\d+)/(\d+): ((?:FROM|RUN|COPY|ADD)\b.*)")
"""Steps that do something; the others are written down at once."""
_PHASE = re.compile(r"I: (.*?)\.*$")

# Documentation and translations are of no use in an image; licences stay.
EXCLUDED = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*/*",
)


def build(
    folder: Path,
    containerfile: Path,
    references: Sequence[str],
    *,
    parent: tuple[str, Path] | None,
    artifacts: Mapping[str, Path],
    held: Sequence[str] = (),
    labels: Mapping[str, str],
    stop: threading.Event,
    at: Callable[[str], None] = lambda _: None,
) -> None:
    """Build ``folder/image.tar``, an OCI archive that holds the image under each of ``references``.

    ``parent`` is what the Containerfile's ``FROM localhost/NAME`` stands for, e.g. ``("base", Path("…/image.tar"))``;
    ``artifacts`` are what its ``COPY --from=NAME`` may take, beside the files of the recipe's own folder; what is ``held`` of this
    checkout it takes with ``COPY --from=checkout``.
    ``at`` hears each step: ``"step 3 of 12: COPY …"``.
    """
    scratch = folder / SCRATCH
    for needed in ("tmp", "storage", "run"):
        (scratch / needed).mkdir(parents=True, exist_ok=True)
    # vfs copies instead of mounting: nothing is left mounted whenever a build is cut off, and it works on every file system.
    buildah: list[str | Path] = ["nice", "buildah", "--root", scratch / "storage", "--runroot", scratch / "run", "--storage-driver", "vfs"]
    env = {"TMPDIR": str(scratch / "tmp"), "BUILDAH_ISOLATION": "chroot"}
    if parent:
        name, archive = parent
        identity = run([*buildah, "pull", "-q", f"oci-archive:{archive}"], env=env, stop=stop).stdout.strip()
        run([*buildah, "tag", identity, f"localhost/{name}"], env=env, stop=stop)
    options = ["--pull=never", "--network=host", "--layers=false", "--format=oci"]
    options += [f"--build-context={name}={path}" for name, path in artifacts.items()]
    if held:
        checkout.copy(held, scratch / CHECKOUT)
        open_up(scratch / CHECKOUT)
        options.append(f"--build-context={CHECKOUT}={scratch / CHECKOUT}")
    options += [f"--label={label}={value}" for label, value in labels.items()]

    def on_line(line: str) -> None:
        if step := _STEP.match(line):
            at(f"step {step[1]} of {step[2]}: {step[3]}")

    context = scratch / CONTEXT
    # A copy, beside what was made for it: the files of a checkout have whatever modes the umask of its clone gave them.
    shutil.copytree(
        containerfile.parent, context, ignore=shutil.ignore_patterns("*.go", "go.*", ADDITIONS, "__pycache__"), dirs_exist_ok=True
    )
    open_up(context)
    fetch(
        [*buildah, "build", *options, f"--tag={references[0]}", f"--file={containerfile}", context],
        f"what {references[0].partition(':')[0]} is made from",
        stop=stop,
        env=env,
        on_line=on_line,
    )
    at("packing")
    layout = scratch / "layout"
    built = f"containers-storage:[vfs@{scratch / 'storage'}+{scratch / 'run'}]{references[0]}"
    for reference in references:
        # Uncompressed layers: containerd takes them in faster, and the disk is local.
        run(["skopeo", "copy", "-q", "--dest-oci-accept-uncompressed-layers", built, f"oci:{layout}:{reference}"], env=env, stop=stop)
    pack(layout, folder / ARCHIVE)
    remove(scratch)


def make_debian(folder: Path, debian: Debian, stop: threading.Event, at: Callable[[str], None] = lambda _: None) -> None:
    """Make the Debian file system that the base image adds; ``at`` hears each step."""

    def on_line(line: str) -> None:
        if phase := _PHASE.match(line):
            at(phase[1])

    context = folder / SCRATCH / CONTEXT
    context.mkdir(parents=True)
    options = [f"--dpkgopt={excluded}" for excluded in EXCLUDED]
    fetch(
        ["nice", "mmdebstrap", "--variant=apt", f"--include={','.join(debian.packages)}", *options, debian.suite, context / "base.tar"],
        f"Debian {debian.suite}",
        stop=stop,
        env={"TMPDIR": str(context.parent)},
        on_line=on_line,
    )


def pack(layout: Path, archive: Path) -> None:
    """Put an OCI layout into one file, in place of what may be there."""
    beside = archive.with_suffix(".new")
    with tarfile.open(beside, "w") as tar:
        for path in sorted(layout.rglob("*")):
            tar.add(path, arcname=str(path.relative_to(layout)), recursive=False)
    beside.rename(archive)
