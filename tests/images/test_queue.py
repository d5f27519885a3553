"""One at a time, in the order in which they came."""

from __future__ import annotations

import threading

import pytest

from converge.images.cache import Stopped
from converge.images.queue import Queue


class Stage:
    def __init__(self) -> None:
        self.stop, self.log = threading.Event(), []
        self.queue = Queue(self.stop)

    def enter(self, number: int) -> tuple[threading.Thread, threading.Event]:
        """Somebody who waits for a turn, and what ends it."""
        leave, waits = threading.Event(), threading.Event()

        def work() -> None:
            try:
                with self.queue.turn("it", waits.set):
                    self.log.append(number)
                    waits.set()
                    assert leave.wait(5)
            except Stopped:
                self.log.append("stopped")

        thread = threading.Thread(target=work)
        thread.start()
        assert waits.wait(5)
        return thread, leave


@pytest.fixture
def stage():
    return Stage()


def test_turns_come_in_the_order_of_asking(stage) -> None:
    everybody = [stage.enter(number) for number in range(5)]
    assert stage.log == [0]
    for thread, leave in everybody:
        leave.set()
        thread.join(5)
    assert stage.log == [0, 1, 2, 3, 4]


def test_who_waits_can_be_called_away_and_is_in_nobodys_way(stage) -> None:
    first, leave = stage.enter(1)
    second, _ = stage.enter(2)
    stage.stop.set()
    second.join(5)
    assert stage.log == [1, "stopped"]
    leave.set()
    first.join(5)
    with stage.queue.turn("it", lambda: pytest.fail("nobody has it")):
        pass


def test_a_turn_that_fails_is_over(stage) -> None:
    with pytest.raises(OSError, match="no room"), stage.queue.turn("it", lambda: None):
        raise OSError("no room")
    with stage.queue.turn("it", lambda: pytest.fail("nobody has it")):
        pass
