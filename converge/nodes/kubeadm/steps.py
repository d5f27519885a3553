"""Runs a list of small steps, each as soon as what it comes after is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from converge.progress import Progress, State


@dataclass(frozen=True)
class Step:
    """One line of the start: ``do`` may run again and again, and does nothing where its work is done already."""

    name: str
    do: Callable[[], None]
    after: tuple[str, ...] = ()


def run_steps(steps: Sequence[Step], progress: Progress, subject: str, *, stopped: threading.Event, workers: int = 12) -> dict[str, float]:
    """Run all. When one fails (or Ctrl-C), set ``stopped``, start no other, and raise once those that run have noticed.

    Returns the seconds of each.
    """
    seconds: dict[str, float] = {}
    running: dict[Future[None], str] = {}
    waiting = list(steps)

    def timed(step: Step) -> None:
        if stopped.is_set():
            return
        began = time.monotonic()
        progress.note(subject, State.WAITING, step.name)
        step.do()
        seconds[step.name] = time.monotonic() - began

    with ThreadPoolExecutor(workers, thread_name_prefix="step") as pool:
        done: set[str] = set()
        try:
            while waiting or running:
                for step in [step for step in waiting if done.issuperset(step.after)]:
                    waiting.remove(step)
                    running[pool.submit(timed, step)] = step.name
                if not running:
                    raise ValueError(f"steps that wait for each other: {[step.name for step in waiting]}")
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    future.result()
                    done.add(name)
                    progress.note(subject, State.MOVED, f"{len(done)} of {len(steps)} steps")
        except BaseException:
            stopped.set()
            raise
    return seconds
