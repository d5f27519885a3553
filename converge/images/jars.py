"""Java libraries as a recipe's pom.xml asks for them and its lock pins them: each jar by its hash, and no other.

``python -m converge.images.jars NAME`` pins them anew, as ``make lock`` does.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from pathlib import Path

from converge.errors import Refused
from converge.images.cache import hash_file
from converge.images.catalog import recipe
from converge.images.registry import fetch

WANTED = "pom.xml"
LOCK = "jars.lock"
"""``<SHA-256>  <file>``, a line a jar, as sha256sum writes and checks it."""

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
_VERSION = re.compile(r"<version>([^<]+)</version>\s*</dependency>")


def jars(name: str, folder: Path, stop: threading.Event) -> None:
    """Fetch every jar of a recipe into a folder.

    Raises:
        Refused: what came is not what is pinned.
    """
    _copy(name, folder, stop)
    pinned, seen = pins((recipe(name) / LOCK).read_text(encoding="utf-8")), found(folder)
    if wrong := sorted({*pinned.items()} ^ {*seen.items()}):
        raise Refused(
            f"the Java libraries of {name}",
            seen=", ".join(sorted({file for file, _ in wrong})),
            cause=f"they are not what recipes/{name}/{LOCK} pins",
            next_command="make lock",
        )


def pins(lock: str) -> dict[str, str]:
    """The hash of each jar: ``{"lucene-core-9.12.3.jar": "5f1c…"}``."""
    rows = (line.split(maxsplit=1) for line in lock.splitlines() if line)
    return {file: digest for digest, file in rows}


def found(folder: Path) -> dict[str, str]:
    """The same of what lies in a folder."""
    return {path.name: hash_file(path) for path in sorted(folder.glob("*.jar"))}


def version(name: str) -> str:
    """That of the first dependency, which is the product."""
    asked = _VERSION.search((recipe(name) / WANTED).read_text(encoding="utf-8"))
    return asked[1] if asked else ""


def _copy(name: str, folder: Path, stop: threading.Event) -> None:
    fetch(
        ["mvn", "-q", "-B", "-f", recipe(name) / WANTED, "-C", COPY, "-DincludeScope=runtime", f"-DoutputDirectory={folder}"],
        f"the Java libraries of {name}",
        stop=stop,
        cwd=folder,
    )


def _lock(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _copy(name, Path(folder), threading.Event())
        rows = [f"{digest}  {file}" for file, digest in found(Path(folder)).items()]
    (recipe(name) / LOCK).write_text("\n".join((*rows, "")), encoding="utf-8")


if __name__ == "__main__":
    for one in sys.argv[1:]:
        _lock(one)
