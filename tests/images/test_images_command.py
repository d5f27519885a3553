"""`thinkube images`: what it prints and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from converge.cli import main
from converge.images.cache import Cache, Key
from converge.images.store import Images
from converge.inventory.model import Inventory


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "packages.yaml").write_text("images:\n  source: packages\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THINKUBE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def command(*words: str) -> int:
    return main(["images", *words, "--inventory", "packages.yaml"])


def store(key: Key) -> Path:
    opened: Cache = Images(Inventory()).cache
    return opened.obtain(key, lambda folder: (folder / "image.tar").write_text("layers"))  # type: ignore[arg-type, return-value]


def test_listing_says_what_is_in_the_cache_and_what_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "IMAGE"
    assert ["keycloak", "-"] in [line.split()[:2] for line in lines]


def test_an_unknown_image_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("build", "keycloack") == 1
    said = capsys.readouterr().err
    assert "unknown: keycloack" in said
    assert "keycloak, " in said


def test_collecting_says_what_went(capsys: pytest.CaptureFixture[str]) -> None:
    store(Key("images", "keycloak", "feedfacefeedface"))
    assert command("gc") == 0
    assert "removed image keycloak (feedfacefeedface)" in capsys.readouterr().out


def test_verifying_reads_every_byte(capsys: pytest.CaptureFixture[str]) -> None:
    folder = store(Key("images", "keycloak", "feedfacefeedface"))
    assert command("list", "--verify") == 0
    (folder / "image.tar").write_text("lAyers")
    assert command("list", "--verify") == 1
    assert "image.tar is changed; it will be made again" in capsys.readouterr().out
