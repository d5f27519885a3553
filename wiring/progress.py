"""Shows on the terminal what goes on: whole lines instead of pytest's dots, and below them the live lines."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TextIO

import pytest

if TYPE_CHECKING:
    from converge.engine.graph import Graph
    from converge.reporting.terminal import Display


def display(config: pytest.Config) -> Display:
    """What shows the run: coloured where pytest is, live on a terminal unless something else may write there in between."""
    from converge.reporting.terminal import Display

    writer, option = config.get_terminal_writer(), config.option
    out = _uncaptured(writer._file)
    is_free = option.verbose >= 0 and option.capture != "no" and not (option.usepdb or option.trace)
    is_live = out.isatty() and is_free and os.environ.get("TERM", "dumb") != "dumb"
    return Display(out, is_live=is_live, is_verbose=option.verbose > 0, is_coloured=writer.hasmarkup)


def register(config: pytest.Config, shown: Display, graph: Graph) -> None:
    """Show a run of scenarios."""
    config.pluginmanager.register(Showing(config, shown, graph), "progress")


def _uncaptured(out: TextIO) -> TextIO:
    """The same place, also while pytest captures what a scenario writes: the background has something to tell just then."""
    try:
        return os.fdopen(os.dup(out.fileno()), "w", encoding="utf-8")
    except (OSError, ValueError):
        return out


class Showing:
    """Leaves the terminal to whoever has taken the place of pytest's own reporter; the summary at the end is shown in any case."""

    def __init__(self, config: pytest.Config, shown: Display, graph: Graph) -> None:
        self._config = config
        self._display = shown
        self._graph = graph
        self._owns_lines = False
        self._plain: TextIO | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Scenarios get whole lines instead of pytest's dots, so that what the background tells never lands inside one."""
        from _pytest.terminal import TerminalReporter

        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        self._owns_lines = type(reporter) is TerminalReporter
        if not self._owns_lines:
            self._display.step_aside()
            return
        reporter._showfspath = reporter._show_progress_info = False
        colour = reporter._determine_main_color
        # What is blocked makes a run fail, also where the scenarios of what failed were not asked for.
        reporter._determine_main_color = lambda unknown: "red" if "blocked" in reporter.stats else colour(unknown)
        if self._config.option.verbose > 0:
            self._config._inicache["verbosity_test_cases"] = 0  # -v shows steps instead

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._display.expect(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._display.expect(len(ids))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        if self._owns_lines:
            self._display.follow(self._graph.requires)
            self._display.begin()
            writer = self._config.get_terminal_writer()
            self._plain = writer._file
            writer._file = self._display.beside(writer._file)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        status = yield
        return (status[0], "", "") if self._plain is not None and isinstance(report, pytest.TestReport) else status

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._owns_lines and (data := getattr(report, "scenario", None)) is not None:
            from converge.reporting.results import scenario_from

            self._display.scenario(scenario_from(data))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self) -> Generator[None, Any, Any]:
        """From here on the words are pytest's again: its short summary says FAILED and ERROR."""
        try:
            return (yield)
        finally:
            self._display.close()
            if self._plain is not None:
                self._config.get_terminal_writer()._file, self._plain = self._plain, None
