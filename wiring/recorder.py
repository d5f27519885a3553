"""Records each scenario while it runs, in whatever process that is, and gives steps a way to attach what they saw."""

from __future__ import annotations

import base64
import inspect
import json
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from converge.commands import typed
from converge.errors import Blocked, ThinkubeError, Unavailable
from converge.redaction import redact
from converge.reporting.results import Attachment, Failure, Scenario, ScenarioOutcome, Step, scenario_data
from wiring import standard

_RUNNERS = frozenset({"_pytest", "pytest_bdd", "pluggy"})
Attach = Callable[..., None]
"""``attach("The account page", png)`` or ``attach("What the page said", text, "text/plain")``."""


@dataclass
class _Recording:
    scenario: Scenario
    planned: list[Step]
    steps: list[Step] = field(default_factory=list)

    def end_step(self, outcome: ScenarioOutcome) -> None:
        step = self.steps[-1]
        self.steps[-1] = replace(step, outcome=outcome, seconds=time.time() - step.started_at)

    def attach(self, attachment: Attachment) -> None:
        """To the step that runs, or ran last."""
        steps = self.steps or self.planned[:1]
        steps[-1] = replace(steps[-1], attachments=(*steps[-1].attachments, attachment))
        if not self.steps:
            self.planned[:1] = steps

    def finished(self) -> Scenario:
        return replace(self.scenario, steps=(*self.steps, *self.planned[len(self.steps) :]))


class Recorder:
    """Follows pytest-bdd's hooks; a scenario's record travels on the report of its teardown."""

    def __init__(self, root: Path, worker: str = "") -> None:
        self._root = root
        self._worker = worker
        self._recordings: dict[str, _Recording] = {}
        self._waited_s = 0.0

    @pytest.fixture
    def attach(self, request: pytest.FixtureRequest) -> Attach:
        """Attach something to the step that runs: a PNG screenshot, or a text with its media type."""

        def attach(title: str, content: bytes | str, media_type: str = "image/png") -> None:
            text = content if isinstance(content, str) else base64.b64encode(content).decode()
            if recording := self._recordings.get(request.node.nodeid):
                recording.attach(Attachment(title, media_type, text))

        return attach

    # --- Steps

    def pytest_bdd_before_scenario(self, request: pytest.FixtureRequest, scenario: Any) -> None:
        self._begin(request.node, scenario)  # once more: now with the values of its row of examples

    def pytest_bdd_before_step(self, request: pytest.FixtureRequest, step: Any, step_func: Callable[..., Any]) -> None:
        begun = replace(_step(step), started_at=time.time(), definition=self._place(step_func))
        self._recordings[request.node.nodeid].steps.append(begun)

    def pytest_bdd_after_step(self, request: pytest.FixtureRequest) -> None:
        self._recordings[request.node.nodeid].end_step(ScenarioOutcome.PASSED)

    def pytest_bdd_step_error(self, request: pytest.FixtureRequest, exception: Exception) -> None:
        self._recordings[request.node.nodeid].end_step(_outcome(exception))

    def pytest_bdd_step_func_lookup_error(self, request: pytest.FixtureRequest, step: Any) -> None:
        recording = self._recordings[request.node.nodeid]
        recording.steps.append(replace(_step(step), started_at=time.time()))
        recording.end_step(ScenarioOutcome.FAILED)

    # --- Reports

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        from pytest_bdd.scenario import scenario_wrapper_template_registry

        if isinstance(item, pytest.Function) and (template := scenario_wrapper_template_registry.get(item.function)):
            self._begin(item, template)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        if call.excinfo is not None and item.nodeid in self._recordings:
            _keep_own_frames(call.excinfo)
        report = yield
        if (recording := self._recordings.get(item.nodeid)) is None:
            return report
        _redact(item.config, report)
        waited = self._newly_waited(item.config)
        report.duration = max(0.0, report.duration - waited)
        known = recording.scenario
        recording.scenario = replace(known, seconds=known.seconds + report.duration, waited_s=known.waited_s + waited)
        if call.excinfo is not None and recording.scenario.failure is None:
            outcome = _outcome(call.excinfo.value)
            recording.scenario = replace(recording.scenario, outcome=outcome, failure=_failure(call.excinfo.value, report, item))
        if report.when == "teardown":
            vars(report)["scenario"] = scenario_data(recording.finished())
            del self._recordings[item.nodeid]
        return report

    def _newly_waited(self, config: pytest.Config) -> float:
        """How long this process has waited for convergence since the last report."""
        session: Any = config.pluginmanager.get_plugin("thinkube")
        before, self._waited_s = self._waited_s, session.convergence.waited_s
        return self._waited_s - before

    def _begin(self, item: pytest.Item, scenario: Any) -> None:
        before = self._recordings.get(item.nodeid)
        tags = {*scenario.tags, *scenario.feature.tags, *(scenario.rule.tags if scenario.rule else ())}
        recorded = Scenario(
            nodeid=item.nodeid,
            feature=self._relative(scenario.feature.filename),
            line=scenario.line_number,
            name=scenario.name,
            tags=tuple(sorted(tags)),
            outcome=ScenarioOutcome.PASSED,
            started_at=before.scenario.started_at if before else time.time(),
            seconds=before.scenario.seconds if before else 0.0,
            waited_s=before.scenario.waited_s if before else 0.0,
            worker=self._worker,
            written=before.scenario.written if before else standard.FILE if isinstance(scenario, standard.Promise) else "",
        )
        self._recordings[item.nodeid] = _Recording(recorded, [_step(step) for step in scenario.steps])

    def _place(self, step_func: Callable[..., Any]) -> str:
        code = getattr(inspect.unwrap(step_func), "__code__", None)
        return f"{self._relative(code.co_filename)}:{code.co_firstlineno}" if code else ""

    def _relative(self, path: str) -> str:
        full = Path(path)
        return full.relative_to(self._root).as_posix() if full.is_relative_to(self._root) else full.name


def _step(step: Any) -> Step:
    table = tuple(tuple(str(cell) for cell in row) for row in step.datatable.raw()) if step.datatable else ()
    return Step(step.keyword.strip(), step.name, step.line_number, docstring=step.docstring or "", table=table)


def _outcome(error: BaseException) -> ScenarioOutcome:
    if isinstance(error, (Unavailable, pytest.skip.Exception)):
        return ScenarioOutcome.UNAVAILABLE
    return ScenarioOutcome.BLOCKED if isinstance(error, Blocked) else ScenarioOutcome.FAILED


def _failure(error: BaseException, report: pytest.TestReport, item: pytest.Item) -> Failure:
    phase = report.when
    if isinstance(error, ThinkubeError):
        return Failure(
            text=str(error) if _outcome(error) is ScenarioOutcome.FAILED else error.seen or error.wanted,
            wanted=error.wanted,
            seen=error.seen,
            cause=error.cause,
            next_command=typed(error.next_command),
            diagnosis=_diagnosis(getattr(error, "diagnosis", None)),
            phase=phase,
        )
    from wiring.failures import FAILURE

    return item.stash.get(FAILURE, None) or Failure(report.longreprtext, seen=str(error).strip() or type(error).__name__, phase=phase)


def _diagnosis(found: Any) -> str:
    if not found:
        return ""
    text = found if isinstance(found, str) else getattr(found, "text", None)
    return text if isinstance(text, str) else json.dumps(getattr(found, "data", found), indent=1, default=str)


def _keep_own_frames(error: pytest.ExceptionInfo[BaseException]) -> None:
    """A step is called through a screenful of pytest's and pytest-bdd's own code, which says nothing of the failure."""
    own = error.traceback.filter(lambda entry: _RUNNERS.isdisjoint(Path(str(entry.path)).parts))
    if own:
        error.traceback = own


def _redact(config: pytest.Config, report: pytest.TestReport) -> None:
    """Also what pytest and its other plugins print and write of a scenario holds no secret that this process has seen."""
    text = report.longreprtext
    if redact(text) != text:
        data = config.hook.pytest_report_to_serializable(config=config, report=report)
        data["longrepr"] = _redacted(data["longrepr"])
        report.longrepr = config.hook.pytest_report_from_serializable(config=config, data=data).longrepr
        if redact(report.longreprtext) != report.longreprtext:  # it went over several lines
            report.longrepr = redact(text)
    report.sections = [(title, redact(content)) for title, content in report.sections]


def _redacted(data: Any) -> Any:
    if isinstance(data, str):
        return redact(data)
    if isinstance(data, dict):
        return {key: _redacted(value) for key, value in data.items()}
    return [_redacted(value) for value in data] if isinstance(data, list | tuple) else data
