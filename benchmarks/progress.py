#!/usr/bin/env python3
"""What the live lines cost: processor time by elapsed time, on a terminal of its own, at the rate of a busy first run.

``python benchmarks/progress.py`` takes a minute: half of it without the lines, to know what the driving itself costs. Every second has 12
turns of components, 60 steps of two builds (a compiler names each package) and 3 ends of scenarios: more than a real run has in its busiest
seconds. Another process reads what is written, as a terminal does.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from converge.cli.inventory import components
from converge.components import COMPONENTS
from converge.progress import State
from converge.reporting.results import Scenario, ScenarioOutcome
from converge.reporting.terminal import Display

WANTED = 0.02
BUILDS = ("artifact kubernetes", "artifact minio")
TICKS = 60
"""Events come in so many portions a second."""


def main() -> int:
    """Drive the display, and say what it took."""
    parser = argparse.ArgumentParser(description="What the live lines cost.")
    parser.add_argument("--seconds", type=int, default=30)
    seconds = parser.parse_args().seconds
    idle, busy = spent(seconds, is_shown=False), spent(seconds, is_shown=True)
    share = (busy - idle) / seconds
    print(f"live lines: {share:.2%} of one processor ({busy:.2f} s, without {idle:.2f} s, in {seconds} s); wanted: under {WANTED:.0%}")
    return int(share >= WANTED)


def spent(seconds: int, *, is_shown: bool) -> float:
    """The processor time of a run over a terminal of 80 columns."""
    with terminal() as out:
        display = Display(out, is_live=True, is_coloured=True)
        display.follow({name: one.requires for name, one in components().items()})
        if is_shown:
            display.begin()
        began, started = time.process_time(), time.monotonic()
        for tick in range(seconds * TICKS):
            if is_shown:
                turn(display, tick)
            time.sleep(max(0.0, started + (tick + 1) / TICKS - time.monotonic()))
        took = time.process_time() - began
        display.close()
    return took


@contextlib.contextmanager
def terminal() -> Iterator[TextIO]:
    """The near end of a terminal whose far end is read."""
    far, near = pty.openpty()
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 0, 0))
    reader = os.fork()
    if reader == 0:
        os.close(near)
        with contextlib.suppress(OSError):
            while os.read(far, 65536):
                pass
        os._exit(0)
    os.close(far)
    with os.fdopen(near, "w", encoding="utf-8") as out:
        yield out
    os.waitpid(reader, 0)


def turn(display: Display, tick: int) -> None:
    """What a sixtieth of a second brings."""
    names = [kind.name for kind in COMPONENTS]
    if tick == 0:
        for name in names:
            display.note(name, State.PENDING)
        for name in BUILDS:
            display.note(name, State.WAITING, "compiling")
    display.note(BUILDS[tick % 2], State.MOVED, f"{tick} of 2113 packages, k8s.io/kubernetes/pkg/kubelet/{tick}")
    if tick % 5 == 0:
        name, number = names[tick // 5 % 8], tick // 40
        if number % 3:
            display.note(name, State.CHANGED, f"create ClusterRole {name}-{number}")
        else:
            display.note(name, State.WAITING, f"Deployment {name}/{name}: 0/1 ready: pod {name}-6586c55b88-gmv97: starting, {number} s")
    if tick % 20 == 0:
        title = f"A person signs in again, for the {tick}th time"
        display.scenario(Scenario(title, "features/core/keycloak.feature", 1, title, (), ScenarioOutcome.PASSED, seconds=0.2))


if __name__ == "__main__":
    sys.exit(main())
