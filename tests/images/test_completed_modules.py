"""A Go module that lacks files is completed beside the recipe, and only completed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from converge.errors import Refused
from converge.images import go
from converge.images.catalog import GoArtifact

MODULE = "example.test/upstream@v1.0.0"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    made = tmp_path / "recipe"
    (made / "additions/pages").mkdir(parents=True)
    (made / "go.mod").write_text("module example.test/here\n\nreplace example.test/upstream => ./upstream\n")
    (made / "additions/pages/index.html").write_text("nothing here")
    return made


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "cache/upstream@v1.0.0"
    (made / "pages").mkdir(parents=True)
    (made / "pages/embed.go").write_text("package pages\n")
    for path in (made / "pages/embed.go", made / "pages", made):
        path.chmod(path.stat().st_mode & 0o555)
    monkeypatch.setattr(go, "download", lambda *_, **__: {"Dir": str(made), "Sum": "h1:right"})
    return made


def completed(pinned: str = "h1:right") -> GoArtifact:
    return GoArtifact(kind="go", completed={"module": MODULE, "sum": pinned, "folder": "upstream"})  # type: ignore[arg-type]


def test_a_recipe_that_completes_nothing_is_built_where_it_is(recipe: Path) -> None:
    with go.workspace(GoArtifact(kind="go"), recipe, threading.Event()) as place:
        assert place == recipe


@pytest.mark.usefixtures("module")
def test_the_module_lies_beside_the_recipe_with_what_it_lacked(recipe: Path) -> None:
    with go.workspace(completed(), recipe, threading.Event()) as place:
        found = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
        assert found == {"go.mod", "upstream/pages/embed.go", "upstream/pages/index.html"}
    assert not place.exists()


@pytest.mark.usefixtures("module")
def test_a_file_that_the_module_has_is_not_replaced(recipe: Path) -> None:
    (recipe / "additions/pages/embed.go").write_text("package another\n")
    with pytest.raises(Refused, match="the module has such a file"), go.workspace(completed(), recipe, threading.Event()):
        pass


@pytest.mark.usefixtures("module")
def test_a_module_with_another_hash_is_refused(recipe: Path) -> None:
    with pytest.raises(Refused, match="pinned is h1:other"), go.workspace(completed("h1:other"), recipe, threading.Event()):
        pass
