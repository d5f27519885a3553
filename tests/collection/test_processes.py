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


def test_workers_verify_and_only_the_controlling_process_converges(project) -> None:
    project.run_apart("features/", "-n", "3").assert_outcomes(passed=7)
    lines = [line.split() for line in (project.pytester.path / "calls").read_text().splitlines()]
    converged = [(line[1], line[2]) for line in lines if line[0] == "converge"]
    assert sorted(name for name, _ in converged) == ["base", "database", "login", "objects"]
    assert len({process for _, process in converged}) == 1


def test_workers_hear_why_a_component_failed(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_BROKEN", "database")
    result = project.run_apart("features/", "-n", "2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"passed": 2, "blocked": 5}
    assert result.stdout.str().count("its long diagnosis") == 1


def test_faults_of_an_inventory_are_told_once_with_workers_too(project) -> None:
    project.write("inventory/local.yaml", "nam: x\n")
    result = project.run_apart("features/", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (result.stdout.str() + result.stderr.str()).count("inventory/local.yaml:1:") == 1


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_all_processes_share_one_place_for_throw_away_pods_which_is_removed_at_the_end(project, workers: list[str]) -> None:
    project.write(
        "steps/places.py",
        """
        from pathlib import Path

        from pytest_bdd import then


        @then("it has a place for pods")
        def _(throwaway_namespace):
            assert not Path("removed").exists()
            with Path("places").open("a") as places:
                places.write(throwaway_namespace + chr(10))
        """,
    )
    scenarios = [f"Scenario {number} | it has a place for pods" for number in range(6)]
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", *scenarios))
    project.run_apart("features/core/objects.feature", *workers).assert_outcomes(passed=6)
    places = (project.pytester.path / "places").read_text().split()
    assert len(places) == 6
    assert (project.pytester.path / "removed").read_text().split() == list(set(places))


def test_a_plan_removes_nothing(project) -> None:
    project.run("features/", "--plan")
    assert not (project.pytester.path / "removed").exists()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_an_interruption_ends_cleanly_and_says_how_to_carry_on(project, monkeypatch, workers: list[str]) -> None:
    monkeypatch.setenv("FAKE_HANG", "database")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "features/", "--delete-cluster", *workers],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        cwd=project.pytester.path,
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
        cwd=project.pytester.path,
    )
    assert process.stdout is not None
    try:
        assert any("converging: base, objects" in line for line in process.stdout), "it ended without saying so"
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
