"""scripts/busy: others keep the processors busy beside a command, and are gone when it has ended."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

import pytest
from hanging import HANG_S

BUSY = Path(__file__).parents[1] / "scripts/busy"
CHILDREN = "echo $(cat /proc/$PPID/task/$PPID/children)"
"""Asked by the command, which is one of them: the children of the script."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BUSY, *arguments], capture_output=True, text=True, check=False)


def is_alive(process: str) -> bool:
    return Path(f"/proc/{process}").exists()


@pytest.mark.parametrize("number", [0, 3])
def test_so_many_are_busy_beside_the_command_and_none_after_it(number: int) -> None:
    children = run(str(number), "sh", "-c", CHILDREN).stdout.split()
    assert len(children) == number + 1
    assert not any(map(is_alive, children))


def test_the_status_is_the_commands() -> None:
    assert run("1", "sh", "-c", "exit 7").returncode == 7


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda signum: signum.name)
def test_an_interrupted_one_ends_its_command_and_leaves_nobody(signum: signal.Signals) -> None:
    with subprocess.Popen([BUSY, "2", "sh", "-c", f"{CHILDREN}; exec sleep 600"], stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        children = script.stdout.readline().split()
        os.kill(script.pid, signum)
        assert script.wait() == 130
    assert len(children) == 3
    assert not any(map(is_alive, children))


def test_who_interrupts_it_while_it_starts_its_command_finds_nobody_left() -> None:
    done = run("1", "sh", "-c", "echo $$; kill -INT $PPID; exec sleep 600")
    assert done.returncode == 130
    assert not is_alive(done.stdout.strip())


def test_a_killed_one_leaves_nobody_busy() -> None:
    with subprocess.Popen([BUSY, "2", "sh", "-c", f"{CHILDREN}; exec sleep 600"], stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        *loops, command = [os.pidfd_open(int(child)) for child in script.stdout.readline().split()]
        script.kill()
    signal.pidfd_send_signal(command, signal.SIGKILL)
    for process in (*loops, command):
        assert select.select([process], [], [], HANG_S)[0], "it is still there"
        os.close(process)


@pytest.mark.parametrize("arguments", [(), ("many", "true"), ("2",)], ids=["nothing", "no number", "no command"])
def test_a_wrong_call_says_how_it_is_called(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (2, "usage: scripts/busy NUMBER COMMAND [ARGUMENT ...]\n")
