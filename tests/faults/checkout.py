"""A copy of the program whose catalog names other versions, as somebody who upgrades edits it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "converge"
IMAGES = Path("converge/images")


class Checkout:
    """``Checkout(tmp_path)``; runs with its `environment` use it instead of this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(PROGRAM, folder / "converge", ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.folder)}

    def edit(self, file: Path, replacements: Sequence[tuple[str, str]]) -> None:
        """Replace each text by another; one that is not there is a mistake of the test."""
        text = (self.folder / file).read_text()
        for before, after in replacements:
            assert before in text, f"{before!r} is not in {file} any more"
            text = text.replace(before, after)
        (self.folder / file).write_text(text)

    def keycloak(self, version: str, sha256: str) -> None:
        """Let Keycloak be of this version, from Maven Central."""
        catalog = (self.folder / IMAGES / "catalog.yaml").read_text()
        entry = catalog[catalog.index("org.keycloak:keycloak-quarkus-dist:") :]
        before = entry.split(":")[2]
        pinned = entry[entry.index("sha256: ") :].split()[1]
        self.edit(IMAGES / "catalog.yaml", [(before, version), (pinned, sha256)])

    def postgres(self, major: int, suite: str) -> None:
        """Let PostgreSQL be of this major version, which a later suite of Debian has."""
        recipe = IMAGES / "recipes/postgres/Containerfile"
        self.edit(IMAGES / "catalog.yaml", [('version: "17"', f'version: "{major}"')])
        # A mirror may keep an old copy of a suite that is not released yet; its signature is verified all the same.
        later = f"s/trixie/{suite}/g;s/^deb /deb [check-valid-until=no] /"
        add_suite = f"sed '{later}' /etc/apt/sources.list > /etc/apt/sources.list.d/{suite}.list && apt-get update -q"
        self.edit(
            recipe,
            [("apt-get update -q", add_suite), ("postgresql-17", f"postgresql-{major}"), ("postgresql/17", f"postgresql/{major}")],
        )
