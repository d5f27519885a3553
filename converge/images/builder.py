"""Build images from recipes with buildah, in a storage of their own that vanishes afterwards; no container engine, no pulling."""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from converge.images.cache import remove
from converge.images.catalog import Debian
from converge.images.registry import fetch
from converge.process import run

ARCHIVE = "image.tar"

# Documentation and translations are of no use in an image; licences stay.
EXCLUDED = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*/*",
)


def build(
    folder: Path,
    recipe: Path,
    references: Sequence[str],
    *,
    parent: tuple[str, Path] | None,
    artifacts: Mapping[str, Path],
    labels: Mapping[str, str],
    stop: threading.Event,
) -> None:
    """Build ``recipe`` into ``folder/image.tar``, an OCI archive that holds it under each of ``references``.

    ``parent`` is what the Containerfile's ``FROM localhost/NAME`` stands for, e.g. ``("base", Path("…/image.tar"))``;
    ``artifacts`` are what its ``COPY --from=NAME`` may take.
    """
    scratch = folder / ".scratch"
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
    options += [f"--label={label}={value}" for label, value in labels.items()]
    context = scratch / "context"
    fetch(
        [
            *buildah,
            "build",
            *options,
            f"--tag={references[0]}",
            f"--file={recipe / 'Containerfile'}",
            context if context.is_dir() else recipe,
        ],
        f"what the image {references[0].split(':')[0]} is made from",
        stop=stop,
        env=env,
    )
    layout = scratch / "layout"
    built = f"containers-storage:[vfs@{scratch / 'storage'}+{scratch / 'run'}]{references[0]}"
    for reference in references:
        # Uncompressed layers: containerd takes them in faster, and the disk is local.
        run(["skopeo", "copy", "-q", "--dest-oci-accept-uncompressed-layers", built, f"oci:{layout}:{reference}"], env=env, stop=stop)
    pack(layout, folder / ARCHIVE)
    remove(scratch)


def build_base(
    folder: Path, recipe: Path, references: Sequence[str], *, debian: Debian, labels: Mapping[str, str], stop: threading.Event
) -> None:
    """Build the Debian image that the others stand on."""
    context = folder / ".scratch" / "context"
    context.mkdir(parents=True)
    options = [f"--dpkgopt={excluded}" for excluded in EXCLUDED]
    fetch(
        ["nice", "mmdebstrap", "--variant=apt", f"--include={','.join(debian.packages)}", *options, debian.suite, context / "base.tar"],
        f"Debian {debian.suite}",
        stop=stop,
    )
    build(folder, recipe, references, parent=None, artifacts={}, labels=labels, stop=stop)


def pack(layout: Path, archive: Path) -> None:
    """Put an OCI layout into one file."""
    with tarfile.open(archive, "w") as tar:
        for path in sorted(layout.rglob("*")):
            tar.add(path, arcname=str(path.relative_to(layout)), recursive=False)
