import io
import threading

from hanging import HANG_S

from converge.progress import State
from converge.reporting.heartbeat import Heartbeat
from converge.reporting.terminal import Display


class Pipe(io.StringIO):
    """A pipe whose reader can wait for a word."""

    def __init__(self, word):
        super().__init__()
        self.word, self.came = word, threading.Event()

    def write(self, text):
        length = super().write(text)
        if self.word in self.getvalue():
            self.came.set()
        return length


def test_long_work_says_on_a_pipe_what_it_does_and_how_far_it_is():
    out = Pipe("still at work")
    display = Display(out, quiet_s=0.01)
    display.begin()
    display.note("artifact kubernetes", State.STARTED, "compiling")
    display.note("artifact kubernetes", State.MOVED, "412 packages")
    assert out.came.wait(HANG_S)
    display.close()
    assert "artifact kubernetes: still at work: compiling, 412 packages" in out.getvalue()


def test_nothing_is_said_of_work_that_is_over():
    out = Pipe("nobody says this")
    display = Display(out, quiet_s=0.01)
    display.note("artifact kubernetes", State.STARTED, "compiling")
    display.note("artifact kubernetes", State.DONE)
    before = out.getvalue()
    display._still_at_work()
    assert out.getvalue() == before


def test_whoever_speaks_by_itself_is_not_spoken_for():
    spoken = threading.Event()
    heartbeat = Heartbeat(spoken.set, quiet_s=3600)
    heartbeat.begin()
    heartbeat.spoke()
    heartbeat.end()
    assert not spoken.is_set()
