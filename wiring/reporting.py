"""Collects what was recorded, from however many processes, and has the reports written when the run ends."""

from __future__ import annotations

import shlex
import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from converge.redaction import redact
from converge.reporting.results import ComponentResult, Failure, Results, Scenario, ScenarioOutcome, scenario_from
from wiring.recorder import Recorder

if TYPE_CHECKING:
    from converge.engine.run import Run


def register(config: pytest.Config, run: Run | None) -> None:
    """Record scenarios in this process; with a ``run`` (none in a worker of pytest-xdist) also write the reports."""
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    config.pluginmanager.register(Recorder(config.rootpath, worker), "scenario recorder")
    if run is not None:
        config.pluginmanager.register(Reporting(config, run), "acceptance reports")


class Reporting:
    """Writes JUnit XML (pytest's own), the document, Cucumber JSON and Messages into the run's folder."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
        self._scenarios: dict[str, Scenario] = {}
        self._selected = 0
        self._line = ""
        self._versions: Mapping[str, str] = {}
        junit = config.pluginmanager.get_plugin("junitxml")
        if junit and not config.option.xmlpath:
            config.option.xmlpath = str(run.report_folder / "junit.xml")
            junit.pytest_configure(config)  # it had its turn, and saw no path

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._selected = max(self._selected, sum(1 for item in session.items if item.path.suffix == ".feature"))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._selected = max(self._selected, sum(1 for nodeid in ids if ".feature::" in nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if data := getattr(report, "scenario", None):
            scenario = scenario_from(data)
            self._scenarios[scenario.nodeid] = scenario
        elif report.failed and report.when not in ("setup", "call", "teardown") and ".feature::" in report.nodeid:
            self._scenarios[report.nodeid] = _lost(report)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        self._versions = self._run.operations.versions()  # afterwards there may be no cluster any more
        try:
            return (yield)
        finally:
            if not session.config.option.collectonly:
                self._write(int(session.exitstatus))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._line:
            terminalreporter.write_line(self._line)

    def _write(self, exit_code: int) -> None:
        from converge.reporting import reports

        try:
            document = reports.write(self._results(exit_code), self._run.report_folder)[0]
            junit = Path(self._config.option.xmlpath or "")
            if junit.is_file():
                reports.replace(junit, redact(junit.read_text(encoding="utf-8")).encode())
            self._line = f"report: {_short(document, self._config.invocation_params.dir)}"
        except OSError as error:
            self._line = f"no report was written: {error}"

    def _results(self, exit_code: int) -> Results:
        from converge.reporting import experiments
        from converge.reporting.environment import environment, image_uses, inventory_text
        from converge.reporting.gherkin_source import feature_of

        platform, outcomes = self._run.platform, self._run.converger.outcomes
        components = []
        for name, component in platform.components.items():
            made = ComponentResult(name, component.issue, tuple(component.requires))
            if outcome := outcomes.get(name):
                made = replace(
                    made,
                    result=outcome.result.value,
                    started_at=outcome.started_at,
                    seconds=outcome.seconds,
                    changes=outcome.changes,
                    text=outcome.text,
                    by=outcome.by,
                    diagnosis=outcome.diagnosis,
                )
            components.append(made)
        there = [name for name, outcome in outcomes.items() if outcome.result != "unavailable"]
        scenarios = sorted(self._scenarios.values(), key=lambda each: (each.feature, each.written, each.line, each.nodeid))
        files = {scenario.feature: self._config.rootpath / scenario.feature for scenario in scenarios}
        return Results(
            started_at=self._run.started_at,
            seconds=time.time() - self._run.started_at,
            command=shlex.join(("pytest", *self._config.invocation_params.args)),
            exit_code=exit_code,
            selected=self._selected,
            components=tuple(components),
            features=tuple(
                feature_of(path, file.read_text(encoding="utf-8"), [each for each in scenarios if each.feature == path and each.written])
                for path, file in files.items()
                if file.is_file()
            ),
            scenarios=tuple(scenarios),
            environment=environment(self._versions),
            inventory=inventory_text(platform.inventory),
            images=image_uses((platform.components[name] for name in there), lambda: platform.images),
            faults=experiments.faults(self._config.rootpath),
            mutations=experiments.mutations(self._config.rootpath),
        )


def _lost(report: pytest.TestReport) -> Scenario:
    """A scenario whose process died."""
    path, _, name = report.nodeid.partition("::")
    failure = Failure(report.longreprtext, wanted="the scenario to end", seen=report.longreprtext)
    return Scenario(report.nodeid, path, 0, name, (), ScenarioOutcome.FAILED, started_at=time.time(), failure=failure)


def _short(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
