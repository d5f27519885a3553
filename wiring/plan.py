"""``--plan``: say what would change, as text or as JSON, and run no scenario."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from converge.engine.run import Run

FORMATS = ("text", "json")


def add_options(group: pytest.OptionGroup) -> None:
    """Offer it."""
    group.addoption(
        "--plan",
        action="store_true",
        help="say what would change, change nothing, run no scenario; exit code 0 where nothing would, else 1",
    )
    group.addoption("--plan-format", choices=FORMATS, help="text, or json: one document on stdout, all else on stderr (default: text)")


def settle(config: pytest.Config) -> None:
    """See that the options make sense together; planning is one process's work.

    Raises:
        pytest.UsageError: a format for a plan that nobody asked for.
    """
    if config.option.plan_format and not config.option.plan:
        raise pytest.UsageError(f"--plan-format {config.option.plan_format} says how a plan is written: add --plan")
    if not config.option.plan:
        return
    if hasattr(config.option, "numprocesses"):
        config.option.numprocesses = None


def register(config: pytest.Config, run: Run) -> None:
    """Plan instead of running scenarios."""
    config.pluginmanager.register(Planning(config, run), "plan")


def leave_stdout_alone(config: pytest.Config) -> None:
    """Where stdout is for the JSON document, let pytest tell what it tells on stderr."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if config.option.plan_format == "json" and reporter is not None:
        from _pytest.config import create_terminal_writer

        reporter._tw = create_terminal_writer(config, sys.stderr)


class Planning:
    """Takes the place of the loop over scenarios, and decides the exit code."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
        self._exit_code: int | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed:
            return None  # pytest says what cannot be collected
        thinkube: Any = self._config.pluginmanager.get_plugin("thinkube")
        plans = self._run.plans(thinkube.needed)
        self._exit_code = int(bool(plans)) if plans.plans else None  # nothing selected has an exit code of pytest's own
        if self._config.option.plan_format == "json":
            data = plans.as_json(self._run.platform.inventory.name)
            sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n")
            return True
        from converge.reporting.plan import rows

        terminal = self._config.get_terminal_writer()
        terminal.line()
        for row in rows(plans, terminal.fullwidth):
            terminal.line(row.text, **{row.style: True} if row.style else {})
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._exit_code is not None and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = self._exit_code
