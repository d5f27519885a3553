"""``--update-status``: START_HERE.md follows what this run has proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from converge.reporting.results import Scenario

FILE = "START_HERE.md"
ON_DEMAND = frozenset({"rollback", "rotation", "outage"})


def add_option(group: pytest.OptionGroup) -> None:
    """Offer it."""
    group.addoption("--update-status", action="store_true", help=f"tick in {FILE} what this run proves, and untick what it refutes")


def register(config: pytest.Config) -> None:
    """Follow the run, if it was asked for; only in the process that hears of all scenarios."""
    if config.option.update_status:
        config.pluginmanager.register(TaskStatus(config), "task status")


class TaskStatus:
    """A feature is proven when each of its scenarios passed, refuted when one did not; in between its task stays as it is."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._root = config.rootpath
        self._passed: dict[str, set[str]] = {}
        self._refuted: set[str] = set()
        self._changed: list[str] = []
        self._trouble = ""

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if (data := getattr(report, "scenario", None)) is not None:
            from converge.reporting.results import scenario_from

            self._heard(scenario_from(data))
        elif report.failed and report.when not in ("setup", "call", "teardown") and ".feature::" in report.nodeid:
            self._refuted.add(report.nodeid.partition("::")[0])  # its process died

    def _heard(self, scenario: Scenario) -> None:
        from converge.reporting.results import ScenarioOutcome

        file = scenario.nodeid.partition("::")[0]
        if scenario.outcome is not ScenarioOutcome.PASSED:
            self._refuted.add(file)
        elif ON_DEMAND.isdisjoint(scenario.tags):
            self._passed.setdefault(file, set()).add(scenario.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        from converge.errors import Refused
        from converge.reporting import tasks

        proofs = dict.fromkeys(self._refuted, False)
        whole = {file for file, passed in self._passed.items() if len(passed) >= self._count(file)}
        proofs |= dict.fromkeys(whole - self._refuted, True)
        try:
            text, self._changed = tasks.with_proofs(tasks.read(self._root / FILE), proofs)
            if self._changed:
                tasks.write(self._root / FILE, text)
        except (OSError, Refused) as error:
            self._trouble = str(error)

    def _count(self, file: str) -> int:
        """How many scenarios prove a feature, each row of an outline for itself; slow kinds have runs of their own."""
        from wiring import standard

        scenarios = standard.feature_of(self._config, self._root / file).scenarios.values()
        proving = [each for each in scenarios if ON_DEMAND.isdisjoint(each.tags)]
        return sum(sum(len(list(examples.as_contexts())) for examples in each.examples) or 1 for each in proving)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section(f"{FILE} follows this run")
        terminalreporter.write_line(self._trouble or "\n".join(self._changed) or "nothing to change")
