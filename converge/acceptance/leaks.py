"""Looks for the values of a platform's Secrets where they must not be: outputs, reports, logs, process lists, audit logs."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from converge.redaction import forms

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

SHORTEST = 12
"""Shorter values (user names, versions) are no secrets of ours and would be found everywhere."""

PUBLIC = frozenset(
    {
        "ca.crt",
        "tls.crt",
        "next.crt",
        "previous.crt",
        "username",
        "client-id",
        "access-key",
        "auth-extra-groups",
        "description",
        "expiration",
    }
)
"""Keys whose values everybody may see; the last three are what a bootstrap token says beside its secret."""


def canaries(api: Api) -> dict[str, str]:
    """Every secret value of the platform, by where it is kept: ``{"keycloak/keycloak-admin, password": "…"}``."""
    found = {}
    for secret in api.list("Secret"):
        metadata = secret["metadata"]
        for key, data in (secret.get("data") or {}).items():
            value = base64.b64decode(data).decode("utf-8", "replace").strip()
            if key not in PUBLIC and len(value) >= SHORTEST and secret.get("type") != "helm.sh/release.v1":
                found[f"{metadata['namespace']}/{metadata['name']}, {key}"] = value
    return found


def leaks(values: Mapping[str, str], places: Iterable[tuple[str, str]]) -> list[str]:
    """Which values occur in which texts, without the values: ``["keycloak/keycloak-admin, password: build/…/index.html"]``."""
    known = {name: {form for form in forms(value) if len(form) >= SHORTEST} for name, value in values.items()}
    return sorted(
        {f"{name}: {place}" for place, text in places for name, shapes in known.items() if any(shape in text for shape in shapes)}
    )


def texts(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """The content of files, and of all files below folders, as far as they can be read."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not file.is_symlink():
                yield str(file), file.read_bytes().decode("utf-8", "replace")


class ProcessList:
    """Every command line that was seen on this machine while it watches, those inside containers included."""

    def __init__(self, every_s: float = 0.05) -> None:
        self._every_s = every_s
        self._seen: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="process list", daemon=True)

    def __enter__(self) -> ProcessList:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def texts(self) -> Iterator[tuple[str, str]]:
        """The command lines, each with the name of its program."""
        for line in sorted(self._seen):
            yield f"process list, {line.split(' ', 1)[0]}", line

    def _watch(self) -> None:
        while not self._ended.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                except OSError:
                    continue  # it ended meanwhile
                if line:
                    self._seen.add(line)
            self._ended.wait(self._every_s)
