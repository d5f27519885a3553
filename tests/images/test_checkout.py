"""What an image holds of this checkout decides its key, and nothing that Python leaves beside it does."""

from pathlib import Path

import pytest

from converge.images import checkout


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "converge" / "__pycache__").mkdir(parents=True)
    (tmp_path / "converge" / "a.py").write_text("a = 1")
    (tmp_path / "converge" / "__pycache__" / "a.pyc").write_text("compiled")
    (tmp_path / "conftest.py").write_text("")
    monkeypatch.setattr(checkout, "source_root", lambda: tmp_path)
    return tmp_path


def test_files_are_told_apart_by_name_and_content(root: Path) -> None:
    before = [text for _, text in checkout.files(["conftest.py", "converge"])]
    assert [text.partition(" ")[0] for text in before] == ["conftest.py", "converge/a.py"]
    (root / "converge" / "a.py").write_text("a = 2")
    assert [text for _, text in checkout.files(["conftest.py", "converge"])] != before


def test_they_are_copied_in_their_places(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("copied")
    checkout.copy(["conftest.py", "converge"], folder)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == ["conftest.py", "converge/a.py"]
