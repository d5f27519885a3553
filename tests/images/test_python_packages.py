"""The packages of a lock are fetched as they are pinned, for the image's Python and not for this one."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest

from converge import places
from converge.images import packages
from converge.images.catalog import PythonArtifact, load, recipe

PYTHON = {name: artifact for name, artifact in load().artifacts.items() if isinstance(artifact, PythonArtifact)}


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def fetch(argv: list[Any], _what: str, *, env: dict[str, str], **_: Any) -> None:
        seen.update(argv=[str(word) for word in argv], constraints=Path(env["PIP_CONSTRAINT"]).read_text())

    monkeypatch.setattr(packages, "fetch", fetch)
    packages.python("devpi", PYTHON["devpi"], tmp_path, threading.Event())
    return seen


@pytest.mark.parametrize("name", PYTHON)
def test_every_package_of_a_lock_has_a_hash(name: str) -> None:
    lock = (recipe(name) / packages.LOCK).read_text()
    pins = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert pins
    assert not [pin.partition(" ")[0] for pin in pins if "--hash=sha256:" not in pin]
    assert "://" not in lock, "it names no index"


@pytest.mark.parametrize("name", PYTHON)
def test_a_lock_pins_what_its_recipe_asks_for(name: str) -> None:
    lock = (recipe(name) / packages.LOCK).read_text()
    asked = recipe(name) / "requirements.in"
    if asked.exists():
        assert not [wanted for wanted in asked.read_text().split() if f"\n{wanted} " not in lock]
        return
    ours = (places.source_root() / "requirements.lock").read_text()
    pins = re.findall(r"^[a-z0-9-]+==\S+", lock, flags=re.MULTILINE)
    assert not [pin for pin in pins if f"\n{pin} " not in ours], "the project's own code runs with what the project pins"


def test_only_what_is_pinned_comes_and_for_the_images_python(fetched: dict[str, Any]) -> None:
    assert {"--no-deps", "--require-hashes", f"--python-version={PYTHON['devpi'].python}"} <= set(fetched["argv"])
    assert "setuptools==" in fetched["constraints"]
    assert "[" not in fetched["constraints"], "constraints have no extras"
