"""The program that makes releases of the documentation: what it stores, what it keeps, and how it says that pages are at fault."""

from __future__ import annotations

import importlib.util
import io
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from converge.images.catalog import recipe

COMMIT = "3f09c1"
NAME = f"{COMMIT}-0123"


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("release", recipe("mkdocs") / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("BUILT_WITH", "0123")
    return module


class Store:
    """A bucket that knows when each object came."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, _: str, name: str, data: io.BytesIO, __: int) -> None:
        self.objects[name] = data.read()

    def list_objects(self, _: str, prefix: str) -> list[Any]:
        return [
            SimpleNamespace(object_name=name, last_modified=datetime.fromtimestamp(number, UTC))
            for number, name in enumerate(self.objects)
            if name.startswith(prefix)
        ]

    def remove_object(self, _: str, name: str) -> None:
        del self.objects[name]

    def get_object(self, _: str, name: str) -> io.BytesIO:
        return io.BytesIO(self.objects[name])


@pytest.fixture
def store(release: Any, monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(release, "storage", lambda: (made, "mkdocs"))
    return made


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    (tmp_path / "commit").write_text(f"{COMMIT} 1700000000\n")
    return tmp_path


def builds(monkeypatch: pytest.MonkeyPatch, release: Any, code: int) -> list[Any]:
    seen: list[Any] = []

    def mkdocs(argv: list[str], *, cwd: Path, env: dict[str, str], check: bool) -> Any:
        seen.append((argv, cwd, env["SOURCE_DATE_EPOCH"]))
        site = Path(argv[argv.index("--site-dir") + 1])
        site.mkdir()
        (site / "index.html").write_text("hello")
        return subprocess.CompletedProcess(argv, code)

    monkeypatch.setattr(release, "subprocess", SimpleNamespace(run=mkdocs))
    return seen


def test_a_release_is_stored_whole_and_fetched_as_it_was(
    release: Any, store: Store, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = builds(monkeypatch, release, 0)
    release.build(work)
    ((argv, cwd, moment),) = seen
    assert "--strict" in argv
    assert "--quiet" not in argv, "MkDocs counts only warnings that it prints"
    assert (cwd, moment, (work / "release").read_text()) == (work / "source", "1700000000", NAME)
    monkeypatch.setenv("RELEASE", NAME)
    monkeypatch.setattr(release, "subprocess", subprocess)
    (served := tmp_path / "served").mkdir()
    release.fetch(served)
    assert (served / "index.html").read_text() == "hello"


def test_pages_at_fault_are_told_from_other_trouble_and_store_nothing(
    release: Any, store: Store, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds(monkeypatch, release, 1)
    with pytest.raises(SystemExit) as ended:
        release.build(work)
    assert ended.value.code == release.NOT_BUILT == 3
    assert (work / "release").read_text() == NAME
    assert not store.objects


def test_the_newest_releases_are_kept(release: Any, store: Store, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.objects = {f"releases/{number}.tar.gz": b"" for number in range(20)} | {"other": b""}
    builds(monkeypatch, release, 0)
    release.build(work)
    kept = [name for name in store.objects if name.startswith("releases/")]
    assert len(kept) == release.KEPT
    assert f"releases/{NAME}.tar.gz" in kept
    assert "other" in store.objects


def test_where_nothing_is_released_a_page_says_so(release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE", "")
    release.fetch(tmp_path)
    assert "has not been built yet" in (tmp_path / "index.html").read_text()


def test_a_release_that_reaches_out_of_its_folder_is_refused(
    release: Any, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../outside"))
    store.objects[f"releases/{NAME}.tar.gz"] = packed.getvalue()
    monkeypatch.setenv("RELEASE", NAME)
    with pytest.raises(subprocess.CalledProcessError):
        release.fetch(tmp_path)
    assert not (tmp_path.parent / "outside").exists()
