"""Missing tools are named all at once, with one command; an old Go fetches the pinned one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from converge import surroundings
from converge.errors import Missing, Refused
from converge.images import go, tools


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with nothing on PATH but what the test puts there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(surroundings, "SYSTEM_PATH", ())
    monkeypatch.setattr(tools, "LIBRARIES", {})
    for cached in (go.present, go.go_program):
        cached.cache_clear()
    yield tmp_path
    for cached in (go.present, go.go_program):
        cached.cache_clear()


def program(folder: Path, name: str, script: str = "exit 0") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.usefixtures("bare")
def test_everything_that_is_missing_is_named_with_one_command() -> None:
    with pytest.raises(Missing) as caught:
        tools.require()
    assert caught.value.exit_code == 4
    assert caught.value.next_command == f"apt-get install -y --no-install-recommends {' '.join(sorted(set(tools.PACKAGES.values())))}"


def test_nothing_is_missing_where_all_is_there(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in tools.PACKAGES | tools.BROWSER:
        program(bare, name)
    tools.require()
    assert tools.main([]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("there", ["chromium-headless-shell", "chromium"])
def test_a_browser_with_windows_does_as_well_where_it_is_there_already(bare: Path, there: str) -> None:
    assert tools.absent(tools.BROWSER) == list(tools.BROWSER.values())
    program(bare, "certutil")
    found = program(bare, there)
    assert tools.absent(tools.BROWSER) == []
    assert tools.browser() == str(found)


def test_the_command_is_printed_for_people(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in set(tools.PACKAGES | tools.BROWSER) - {"buildah", "skopeo"}:
        program(bare, name)
    assert tools.main([]) == 1
    assert capsys.readouterr().out == "apt-get install -y --no-install-recommends buildah skopeo\n"


def test_installing_runs_that_one_command(bare: Path) -> None:
    for name in set(tools.PACKAGES | tools.BROWSER) - {"buildah", "skopeo"}:
        program(bare, name)
    program(bare, "apt-get", f'echo "$@" >> {bare / "calls"}')
    assert tools.main(["--install"]) == 0
    assert (bare / "calls").read_text() == "update -q\ninstall -y --no-install-recommends buildah skopeo\n"


def test_a_go_that_is_new_enough_is_used(bare: Path) -> None:
    found = program(bare, "go", "echo go version go1.26.8 linux/amd64")
    assert go.go_program() == found


@pytest.mark.usefixtures("bare")
def test_no_go_at_all_is_missing() -> None:
    with pytest.raises(Missing, match="a Go toolchain"):
        go.go_program()


def old_go(bare: Path, toolchain: Path, total: str) -> None:
    answer = json.dumps({"Dir": str(toolchain), "Sum": total})
    program(bare, "go", f"if [ $1 = version ]; then echo go version go1.19.8 linux/amd64; else echo '{answer}'; fi")


def toolchain(folder: Path) -> Path:
    root = folder / "toolchain"
    for name in ("bin/go", "pkg/tool/linux_amd64/compile"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("program")
        (root / name).chmod(0o444)
    return root


def test_an_old_go_fetches_the_pinned_one_and_makes_it_executable(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = toolchain(bare)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    old_go(bare, root, go.SUMS["amd64"])
    assert go.go_program() == root / "bin/go"
    assert all(path.stat().st_mode & 0o111 for path in (root / "bin/go", root / "pkg/tool/linux_amd64/compile"))


def test_a_toolchain_with_another_hash_is_refused(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    old_go(bare, toolchain(bare), "h1:somethingelse=")
    with pytest.raises(Refused, match="Go toolchain"):
        go.go_program()


def test_what_runc_is_linked_against_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "LIBRARIES", {"libsurelynot.so.9": "libsurelynot9"})
    assert "libsurelynot9" in tools.missing({})
