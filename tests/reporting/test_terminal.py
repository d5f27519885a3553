"""What is shown while it runs: on a pipe a line a change, on a terminal lines that change in place and garble nothing."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import termios
import threading
import tty

import pytest
from hanging import HANG_S

from converge.progress import State
from converge.reporting.results import Failure, Scenario, ScenarioOutcome, Step
from converge.reporting.terminal import Display

REQUIRES = {"nodes": (), "storage": ("nodes",), "login": ("storage",), "pages": ("login", "storage")}
WAITING = "Deployment login/login: 0/1 ready: pod login-6586c55b88-gmv97: container login is starting, {} s (and {} more)"
_TURNS = re.compile(r"\x1b\[(\??)(\d*)([A-Za-z])|([^\x1b\r\n]+)|(\r?\n)|(\r)")


class Counted(io.TextIOWrapper):
    """The near end of a terminal, which knows how many bytes were written to it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(os.fdopen(descriptor, "wb"), encoding="utf-8")
        self.written = 0

    def write(self, text: str) -> int:
        self.written += len(text.encode())
        return super().write(text)


class Terminal:
    """The far end of a terminal of some columns: what a person would see on it."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        far, self._near = pty.openpty()
        self.resize(columns, rows)
        tty.setraw(self._near)  # so that as many bytes arrive as were written
        self.out = Counted(os.dup(self._near))
        self.display: Display | None = None
        self._seen = b""
        self._arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(far,), daemon=True)
        self._reader.start()

    def resize(self, columns: int, rows: int) -> None:
        self.columns = columns
        fcntl.ioctl(self._near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, far: int) -> None:
        while True:
            try:
                piece = os.read(far, 65536)
            except OSError:
                return
            with self._arrived:
                self._seen += piece
                self._arrived.notify_all()

    @property
    def raw(self) -> str:
        """Everything that has been written, once the live lines are drawn as they are now."""
        if self.display is not None and self.display._live is not None:
            with self.display._lock:
                if not self.display._live._is_mid_line:
                    self.display._live._draw()
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._seen) >= self.out.written, HANG_S)
            return self._seen.decode()

    @property
    def lines(self) -> list[str]:
        """Every line, also those that have left at the top."""
        shown, row = [""], 0
        is_wrapping = True
        column = 0
        for private, number, letter, text, newline, _ in _TURNS.findall(self.raw):
            if text:
                assert not is_wrapping or column + len(text) <= self.columns, f"wraps: {text}"
                shown[row] = (shown[row][:column] + text + shown[row][column + len(text) :])[: self.columns]
                column += len(text)
            elif newline:
                row, column = row + 1, 0
                shown += [""] * (row + 1 - len(shown))
            elif letter == "A":
                row -= int(number)
            elif letter == "K":
                shown[row] = shown[row][:column]
            elif letter == "J":
                shown[row:] = [shown[row][:column]]
            elif private and number == "7":
                is_wrapping = letter == "h"
            elif not letter:
                column = 0
        return [line.rstrip() for line in shown]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def live(terminal: Terminal, **options: bool) -> Display:
    display = Display(terminal.out, is_live=True, **options)
    display.follow(REQUIRES)
    display.begin()
    terminal.display = display
    return display


def ended(name: str, outcome: str = "passed", worker: str = "", feature: str = "login") -> Scenario:
    failure = Failure("blocked by nodes", seen="blocked by nodes") if outcome == "blocked" else None
    steps = (Step("Given", "it is there", 3, ScenarioOutcome(outcome)),)
    return Scenario(name, f"features/core/{feature}.feature", 1, name, (), ScenarioOutcome(outcome), 0, 0.2, steps, failure, worker)


# --- On a pipe


def piped(**options: bool) -> tuple[Display, io.StringIO]:
    out = io.StringIO()
    return Display(out, **options), out


def test_on_a_pipe_each_change_is_one_line_and_the_passing_of_time_is_none() -> None:
    display, out = piped()
    display.note("login", State.PENDING)
    display.note("login", State.STARTED, "reading")
    for second in range(5):
        display.note("login", State.WAITING, WAITING.format(second, 5 - second))
        display.note("login", State.MOVED, f"{second} MB")
    display.note("login", State.CHANGED, "create Service login/login")
    display.note("login", State.DONE)
    lines = [line[8:] for line in out.getvalue().splitlines()]
    assert lines == [
        "… login: reading",
        f"… login: {WAITING.format(0, 5)}",
        "~ login: create Service login/login",
        "✓ login: done (0.0 s)",
    ]


@pytest.mark.parametrize(
    ("state", "detail", "line"),
    [
        (State.FAILED, "0/1 ready", "✗ login: failed: 0/1 ready"),
        (State.BLOCKED, "blocked by nodes", "✗ login: blocked by nodes"),
        (State.UNAVAILABLE, "no GPU", "– login: unavailable: no GPU"),
        (State.UNCHANGED, "", "✓ login: unchanged"),
    ],
)
def test_how_it_ended_stands_in_a_word(state: State, detail: str, line: str) -> None:
    display, out = piped()
    display.note("login", state, detail)
    assert out.getvalue()[8:] == f"{line}\n"


def test_blocked_scenarios_of_a_feature_share_a_line() -> None:
    display, out = piped()
    for scenario in (
        ended("a"),
        ended("b", "blocked"),
        ended("c", "blocked"),
        ended("d", "blocked", feature="pages"),
        ended("e", "failed"),
    ):
        display.scenario(scenario)
    display.scenario(ended("f", "blocked"))
    display.close()
    assert [line[8:] for line in out.getvalue().splitlines()] == [
        "passed      core/login: a (0.2 s)",
        "blocked     core/login: 2 scenarios, by nodes",
        "blocked     core/pages: 1 scenario, by nodes",
        "failed      core/login: e (0.2 s)",
        "blocked     core/login: 1 scenario, by nodes",
    ]


def test_they_share_it_also_where_processes_take_turns() -> None:
    display, out = piped()
    for number in range(6):
        display.scenario(ended(f"{number}", "blocked", worker=f"gw{number % 2}", feature=("login", "pages")[number % 2]))
    display.close()
    assert [line[8:] for line in out.getvalue().splitlines()] == [
        "blocked     core/login: 3 scenarios, by nodes",
        "blocked     core/pages: 3 scenarios, by nodes",
    ]


def test_verbosely_every_scenario_has_its_line_and_its_steps() -> None:
    display, out = piped(is_verbose=True)
    display.scenario(ended("a", "blocked"))
    assert [line[8:] for line in out.getvalue().splitlines()] == [
        "blocked     core/login: a (0.2 s)",
        "  blocked     Given it is there (0.0 s)",
    ]


def test_colours_come_only_where_they_are_asked_for() -> None:
    plain, out = piped()
    plain.note("login", State.FAILED, "no")
    assert "\x1b" not in out.getvalue()
    coloured, out = piped(is_coloured=True)
    coloured.note("login", State.FAILED, "no")
    assert "\x1b[31m" in out.getvalue()


def test_beside_another_reporter_it_is_silent() -> None:
    display, out = piped()
    display.step_aside()
    display.note("login", State.FAILED, "no")
    display.scenario(ended("a"))
    display.close()
    assert not out.getvalue()


# --- On a terminal


def test_a_component_at_work_has_one_line_that_changes_and_its_end_stays(terminal: Terminal) -> None:
    display = live(terminal)
    display.expect(5)
    for name in REQUIRES:
        display.note(name, State.PENDING)
    display.note("nodes", State.DONE)
    display.note("storage", State.STARTED, "reading")
    display.note("storage", State.WAITING, "Deployment storage/storage: 0/1 ready")
    display.note("storage", State.CHANGED, "create ConfigMap storage/storage")
    display.note("image login", State.WAITING, "building")
    display.note("image login", State.MOVED, "step 3 of 12")
    assert terminal.lines == [
        "  0:00  ✓ nodes: done",
        "  0:00  ~ storage     create ConfigMap storage/storage",
        "  0:00  … image login building, step 3 of 12",
        "        · login       after storage",
        "        · pages       after login, storage",
        "  0:00  1/4 components, 0/5 scenarios; longest: storage 0:00",
    ]
    display.note("storage", State.WAITING, "Deployment storage/storage: 0/1 ready")
    assert terminal.lines[1] == "  0:00  … storage     Deployment storage/storage: 0/1 ready · create ConfigMap…"
    display.note("storage", State.FAILED, "no room")
    display.note("login", State.BLOCKED, "blocked by storage")
    display.scenario(ended("a"))
    display.scenario(ended("b", "failed"))
    shown = [re.sub(r"^ *\d:\d\d|\d\.\d s", "", line) for line in terminal.lines]  # whatever the machine takes
    assert shown == [
        "  ✓ nodes: done",
        "  ✗ storage: failed: no room ()",
        "  ✗ login: blocked by storage",
        "  ✓ core/login: a ()",
        "  ✗ failed core/login: b ()",
        "  … image login building, step 3 of 12",
        "        · pages       soon",
        "  1/4 components, 1 failed, 1 blocked, 2/5 scenarios",
    ]
    display.close()
    assert len(terminal.lines) == 6
    assert terminal.lines[-1] == ""


def test_no_line_is_wider_than_the_terminal_and_none_wraps(terminal: Terminal) -> None:
    display = live(terminal)
    for name in REQUIRES:
        display.note(name, State.WAITING, f"{WAITING.format(12, 3)} {'x' * 200}")
    display.note("nodes", State.FAILED, "a long story " * 20)
    display.scenario(ended("A title that is much longer than any title should ever be, and goes on and on"))
    assert max(map(len, terminal.lines)) < 80
    assert any(line.endswith("… (0.2 s)") for line in terminal.lines)
    display.close()


def test_what_others_write_stays_whole(terminal: Terminal) -> None:
    display = live(terminal)
    others = display.beside(terminal.out)
    display.note("nodes", State.WAITING, "for the API server")
    assert "for the API server" in terminal.lines[0]
    others.write("pytest says ")
    assert terminal.lines == ["pytest says"]
    others.write("this\n")
    assert terminal.lines[0] == "pytest says this"
    assert "for the API server" in terminal.lines[1]
    display.close()
    others.write("the end\n")
    assert terminal.lines == ["pytest says this", "the end", ""]


def test_a_narrower_window_gets_shorter_lines(terminal: Terminal) -> None:
    display = live(terminal)
    display.note("nodes", State.WAITING, "for the API server to answer on its port")
    assert "on its port" in terminal.lines[0]
    terminal.resize(40, 24)
    display.note("storage", State.WAITING, "for the nodes to be there and ready for more")
    *_, drawn = terminal.raw.split("\x1b[?7l")
    assert max(len(line) for line in re.sub(r"\x1b\[\??\d*[A-Za-z]", "", drawn).split("\n")) < 40
    assert "\x1b[3A" in terminal.raw  # two lines, of which the narrower window made four
    display.close()


def test_a_low_window_keeps_room_for_whole_lines() -> None:
    terminal = Terminal(80, 12)
    display = live(terminal)
    for name in REQUIRES:
        display.note(name, State.PENDING)
    for number in range(20):
        display.note(f"image {number}", State.WAITING, "building")
    lines = terminal.lines
    assert len(lines) <= 11
    assert "more at work" in lines[-2]
    assert "0/4 components" in lines[-1]
    display.close()


def test_without_colour_nothing_is_coloured(terminal: Terminal) -> None:
    display = live(terminal)
    display.note("nodes", State.WAITING, "for it")
    display.note("storage", State.FAILED, "no")
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.raw)
    display.close()


def test_a_repeated_converge_is_shown_and_ends(terminal: Terminal) -> None:
    display = live(terminal)
    display.note("nodes", State.DONE)
    display.note("nodes", State.STARTED, "reading")
    assert "reading" in terminal.lines[1]
    display.note("nodes", State.UNCHANGED)
    assert "1/1 components" in terminal.lines[-1]
    assert not any("reading" in line for line in terminal.lines)
    display.close()
