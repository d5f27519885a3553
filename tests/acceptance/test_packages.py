"""Throw-away packages are real ones: this machine's pip takes them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from converge.acceptance import packages
from converge.process import run


def test_another_content_has_the_same_name_and_says_something_else() -> None:
    release = packages.throwaway()
    other = packages.changed(release)
    assert (other.file, other.version) == (release.file, release.version)
    assert packages.says(other) != packages.says(release)


def test_no_two_are_the_same() -> None:
    assert packages.throwaway().project != packages.throwaway().project


@pytest.mark.skipif(find_spec("pip") is None, reason="pip installs it")
def test_pip_installs_it(tmp_path: Path) -> None:
    release = packages.throwaway()
    (tmp_path / release.file).write_bytes(release.content)
    run([sys.executable, "-m", "pip", "install", *packages.PIP, "--no-index", "--target", tmp_path / "there", tmp_path / release.file])
    said = run([sys.executable, "-c", f"import {release.project} as one; print(one.SAYS)"], env={"PYTHONPATH": str(tmp_path / "there")})
    assert said.stdout.strip() == packages.says(release)
