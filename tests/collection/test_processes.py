"""Several processes, interruptions and the time to the first line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
from hanging import HANG_S


def test_faults_of_an_inventory_are_told_once_with_workers_too(project) -> None:
    project.write("inventory/local.yaml", "nam: x\n")
    result = project.run_apart("features/", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (result.stdout.str() + result.stderr.str()).count("inventory/local.yaml:1:") == 1


def test_a_plan_removes_nothing(project) -> None:
    project.run("features/", "--plan")
    assert not (project.path / "removed").exists()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_an_interruption_ends_cleanly_and_says_how_to_carry_on(project, monkeypatch, workers: list[str]) -> None:
    monkeypatch.setenv("FAKE_HANG", "database")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "features/", "--delete-cluster", *workers],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        cwd=project.path,
    )
    try:
        deadline = time.monotonic() + HANG_S
        while "converge database" not in project.calls and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=HANG_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its workers, too
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert "run the same command again to carry on" in output
    assert project.calls[-1] == "delete"


def test_the_first_line_of_progress_comes_before_anything_has_converged(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_HANG", "base")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "features/"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=project.path,
    )
    assert process.stdout is not None
    try:
        assert any("converging: base, objects" in line for line in process.stdout), "it ended without saying so"
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
