"""A node as testinfra sees it: its commands go through the cluster that the node belongs to, and fail as that says."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from converge.acceptance import membership
from converge.nodes.host import DEADLINE_S, host
from converge.process import Completed, ProgramFailed, run


class Machine:
    """A cluster whose only node is this machine; it keeps what it was asked to run."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...], float]] = []

    def run(self, node: str, argv: Sequence[str], *, timeout_s: float = 60, stdin: str | None = None) -> Completed:
        self.asked.append((node, tuple(argv), timeout_s))
        return run(argv, timeout_s=timeout_s, expect=range(-64, 256), stdin=stdin)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def here(machine: Machine) -> Any:
    return host(machine, "here")  # type: ignore[arg-type]


def test_commands_go_through_the_cluster_in_a_shell_and_end_in_time(here: Any, machine: Machine) -> None:
    assert here.check_output("echo %s", "a b; exit 3") == "a b; exit 3"
    assert machine.asked == [("here", ("/bin/sh", "-c", "echo 'a b; exit 3'"), DEADLINE_S)]


def test_files_are_seen_with_their_modes(here: Any, tmp_path: Path) -> None:
    file = tmp_path / "it's; a key"
    file.write_text("größer\n")
    file.chmod(0o640)
    assert here.file(str(file)).mode == 0o640
    assert here.file(str(file)).content_string == "größer\n"
    assert not here.file(str(tmp_path / "nothing")).exists
    assert here.file(str(tmp_path)).listdir() == [file.name]


def test_names_that_do_not_exist_have_no_address(here: Any) -> None:
    assert here.addr("localhost").ipv4_addresses == ["127.0.0.1"]
    assert here.addr("nowhere.invalid").ipv4_addresses == []


def test_a_program_that_is_not_there_is_no_answer(here: Any) -> None:
    with pytest.raises(AssertionError, match="Unexpected exit code 127"):
        here.check_output("no-such-program")


def test_what_the_cluster_says_is_what_the_person_reads(machine: Machine) -> None:
    def stopped(*_: Any, **__: Any) -> Completed:
        raise ProgramFailed(Completed(("getent",), -9, "", ""), seen="no end after 20 s on here")

    machine.run = stopped  # type: ignore[method-assign]
    with pytest.raises(ProgramFailed) as failed:
        _ = host(machine, "here").addr("localhost").ipv4_addresses  # type: ignore[arg-type]
    assert failed.value.seen == "no end after 20 s on here"


def test_testinfra_comes_without_pytest() -> None:
    script = "import sys, converge.nodes.host\nprint([name for name in sys.modules if 'pytest' in name])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_of_the_control_plane_stands_on_a_node_is_named(here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        monkeypatch.setattr(membership, "STATIC_PODS", str(tmp_path))
        monkeypatch.setattr(membership, "CONTROL_PLANE_PORTS", frozenset({port}))
        assert membership.control_plane_on(here) == [f"port {port}"]
        (tmp_path / "etcd.yaml").write_text("kind: Pod\n")
        assert membership.control_plane_on(here) == ["etcd.yaml", f"port {port}"]
    (tmp_path / "etcd.yaml").unlink()
    assert membership.control_plane_on(here) == []


def test_a_worker_without_the_folder_of_static_pods_has_none(here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "STATIC_PODS", str(tmp_path / "nothing"))
    monkeypatch.setattr(membership, "CONTROL_PLANE_PORTS", frozenset())
    assert membership.control_plane_on(here) == []


def test_a_key_that_others_may_read_is_named_with_its_mode(here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [tmp_path / name for name in ("ca.key", "admin.conf")]
    for key in keys:
        key.touch(0o600)
    monkeypatch.setattr(membership, "CONTROL_PLANE_KEYS", [str(key) for key in keys])
    assert membership.open_keys(here) == {}
    keys[0].chmod(0o640)
    assert membership.open_keys(here) == {str(keys[0]): "0o640"}
