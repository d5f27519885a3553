"""pytest wiring: options, collection of .feature files, order, fixtures, and hooks into reporting.

Nothing here is done, read or imported unless features are to be collected: ``pytest tests/`` is plain pytest.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from converge.engine.converger import Convergence
    from converge.engine.platform import Platform
    from converge.engine.run import Run
    from converge.inventory import Inventory
    from converge.reporting.terminal import Display

RUN: pytest.StashKey[Run] = pytest.StashKey()
PLATFORM: pytest.StashKey[Platform] = pytest.StashKey()
CONVERGENCE: pytest.StashKey[Convergence] = pytest.StashKey()
DISPLAY: pytest.StashKey[Display] = pytest.StashKey()
STEP: pytest.StashKey[str] = pytest.StashKey()
PLANNED: pytest.StashKey[bool] = pytest.StashKey()
CONVERGED_STEP = re.compile(r'"([^"]+)" is converged$')


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("thinkube", "Thinkube: converge a platform and verify it")
    group.addoption(
        "--inventory", default="inventory/local.yaml", metavar="FILE", help="what to build the platform on (default: %(default)s)"
    )
    group.addoption("--verify-only", action="store_true", help="change nothing; drift is a failure")
    group.addoption(
        "--plan", action="store_true", help="say what would change, change nothing, run no scenario; exit code 1 where something would"
    )
    group.addoption("--report-dir", default="build/acceptance", metavar="DIR", help="where reports go (default: %(default)s)")
    group.addoption("--cluster-name", metavar="NAME", help="another name than the inventory's: a cluster of its own beside others")
    group.addoption("--delete-cluster", action="store_true", help="afterwards delete the cluster if this run created it")
    parser.addini(
        "platform", "the class that is converged; the harness's own tests put a fake here", default="converge.engine.platform:Platform"
    )


# --- Start and end -----------------------------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    if config.option.plan and hasattr(config.option, "numprocesses"):
        config.option.numprocesses = None  # planning is one process's work


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if not _wants_features(config):
        return
    from converge.errors import ThinkubeError

    try:
        _open(config)
    except ThinkubeError as error:
        raise pytest.UsageError(str(error)) from error


def _wants_features(config: pytest.Config) -> bool:
    """Whether an argument is a feature, or a folder that holds or lies in the folder of features."""
    folder = config.rootpath / "features"
    paths = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    return (
        any(path.suffix == ".feature" or path.is_relative_to(folder) or folder.is_relative_to(path) for path in paths) and folder.is_dir()
    )


def _open(config: pytest.Config) -> None:
    from converge.engine.run import Run, beside
    from converge.engine.socket import RemoteConvergence
    from converge.engine.tags import known_tags, unknown_names
    from converge.inventory import read
    from converge.progress import SILENCE
    from converge.reporting.terminal import Display

    platform_class: type[Platform] = _named(config.getini("platform"))
    known = platform_class.known()
    inventory = read(config.rootpath / config.option.inventory, components={name: component.requires for name, component in known.items()})
    if config.option.cluster_name:
        inventory = beside(inventory, config.option.cluster_name)
    worker = hasattr(config, "workerinput")
    display = None if worker or config.option.collectonly else Display(config.get_terminal_writer()._file)
    platform = config.stash[PLATFORM] = platform_class(inventory, progress=display or SILENCE)
    marks = known_tags(known.values())
    for name, meaning in marks.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    registered = {re.split(r"[:( ]", line, maxsplit=1)[0] for line in config.getini("markers")}
    if config.option.markexpr and (unknown := unknown_names(_names_in(config.option.markexpr), registered)):
        raise pytest.UsageError(f"-m {config.option.markexpr}: unknown: {', '.join(unknown)}\nknown: {', '.join(marks)}")
    if worker:
        config.stash[CONVERGENCE] = RemoteConvergence(config.workerinput["convergence"])
        return
    run = Run(
        platform,
        config.rootpath / config.option.report_dir,
        verify_only=config.option.verify_only,
        delete_cluster=config.option.delete_cluster,
    )
    config.stash[RUN] = run
    config.stash[CONVERGENCE] = run.converger
    if display is not None:
        config.stash[DISPLAY] = display
        config.pluginmanager.register(_ScenarioLines(config, display), "scenario lines")


def _named(dotted: str) -> Any:
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


def _names_in(expression: str) -> Iterable[str]:
    from _pytest.mark.expression import Expression

    try:
        return Expression.compile(expression).idents()
    except SyntaxError:
        return ()  # pytest says what is wrong with it


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The controlling process converges and serves outcomes to the workers of pytest-xdist."""
    if (run := node.config.stash.get(RUN, None)) is not None:
        node.workerinput["convergence"] = run.address


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    config = session.config
    if PLATFORM not in config.stash or config.option.collectonly or session.testsfailed:
        return None
    names = list(dict.fromkeys(name for item in session.items if isinstance(item, pytest.Function) for name in _components_of(item)))
    if config.option.plan:
        return _print_plan(session, names)
    if names:
        config.stash[CONVERGENCE].select(names)
    return None


def _print_plan(session: pytest.Session, names: list[str]) -> bool:
    from converge.reporting.plan import as_text

    plans = session.config.stash[RUN].plans(names)
    _write(session.config, "\n" + as_text(plans))
    session.config.stash[PLANNED] = any(plans)
    return True


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if (run := config.stash.get(RUN, None)) is None:
        return
    from converge.errors import ThinkubeError

    if PLANNED in config.stash and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = int(config.stash[PLANNED])
    if (display := config.stash.get(DISPLAY, None)) is not None:
        display.close()
    try:
        run.close()
    except ThinkubeError as error:
        _write(config, f"\nat the end of the run:\n{error}")
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    if session.exitstatus == pytest.ExitCode.OK and any(outcome.result == "failed" for outcome in run.converger.outcomes.values()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _write(config: pytest.Config, text: str) -> None:
    config.get_terminal_writer().line(text)


# --- Collection --------------------------------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".feature" and PLATFORM in parent.config.stash:
        return FeatureFile.from_parent(parent, path=file_path)
    return None


class FeatureFile(pytest.Module):
    """A feature as pytest sees it: a module in memory whose functions are its scenarios, named by their titles."""

    def _getobj(self) -> ModuleType:
        from pytest_bdd import scenario
        from pytest_bdd.exceptions import GherkinParseError
        from pytest_bdd.feature import get_feature

        _load_steps(self.config)
        try:
            self._check_tags()
            titles = get_feature(str(self.path.parent), self.path.name).scenarios
        except GherkinParseError as error:
            raise self.CollectError(str(error)) from error
        module = ModuleType(self.path.stem)
        for title in titles:
            vars(module)[title] = scenario(self.path.name, title, features_base_dir=str(self.path.parent))(lambda: None)
        return module

    def istestfunction(self, obj: object, name: str) -> bool:
        return callable(obj)

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        from pytest_bdd.scenario import scenario_wrapper_template_registry

        file = str(self.path.relative_to(self.config.rootpath))
        for item in super().collect():
            if isinstance(item, pytest.Function):
                item.location = (file, scenario_wrapper_template_registry[item.function].line_number - 1, item.name)
            yield item

    def _check_tags(self) -> None:
        from pytest_bdd.gherkin_parser import get_gherkin_document

        from converge.engine.tags import known_tags, tag_faults

        feature = get_gherkin_document(str(self.path)).feature
        scenarios = [child.scenario for child in feature.children if child.scenario]
        scenarios += [child.scenario for rule in feature.children if rule.rule for child in rule.rule.children if child.scenario]
        tags = [(tag.location.line, tag.name.lstrip("@")) for node in (feature, *scenarios) for tag in node.tags]
        file = str(self.path.relative_to(self.config.rootpath))
        if faults := tag_faults(file, tags, known_tags(self.config.stash[PLATFORM].known().values())):
            raise self.CollectError("\n".join(str(fault) for fault in faults))


def _load_steps(config: pytest.Config) -> None:
    """Every file of steps/ is a plugin, so that its asserts are rewritten and its definitions are seen everywhere."""
    for file in sorted((config.rootpath / "steps").glob("*.py")):
        if file.stem != "__init__":
            config.pluginmanager.import_plugin(f"steps.{file.stem}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Features follow the graph of components and keep the order of their file; what the inventory leaves out is not selected."""
    if (platform := config.stash.get(PLATFORM, None)) is None:
        return
    unwanted = set(platform.known()) - set(platform.components) | ({"disruptive"} if config.option.verify_only else set())
    left_out = [item for item in items if isinstance(item.parent, FeatureFile) and _tagged(item, unwanted)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    place = {name: index for index, name in enumerate(platform.graph.order)}

    def key(item: pytest.Item) -> tuple[int, str]:
        names = _tagged(item, set(place)) if isinstance(item.parent, FeatureFile) else []
        return (max(place[name] for name in names), str(item.path)) if names else (len(place), "")

    items[:] = sorted((item for item in items if item not in left_out), key=key)


def _tagged(item: pytest.Item, names: set[str]) -> list[str]:
    return [mark.name for mark in item.iter_markers() if mark.name in names]


def _components_of(item: pytest.Function) -> list[str]:
    """The components that a scenario is about or says to be converged."""
    from pytest_bdd.scenario import scenario_wrapper_template_registry

    if (template := scenario_wrapper_template_registry.get(item.function)) is None:
        return []
    components = item.config.stash[PLATFORM].components
    named = [found[1] for step in template.steps if (found := CONVERGED_STEP.search(step.name))]
    return [name for name in (*_tagged(item, set(components)), *named) if name in components]


# --- Fixtures ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def platform(pytestconfig: pytest.Config) -> Platform:
    return pytestconfig.stash[PLATFORM]


@pytest.fixture(scope="session")
def inventory(platform: Platform) -> Inventory:
    return platform.inventory


@pytest.fixture(scope="session")
def convergence(pytestconfig: pytest.Config) -> Convergence:
    return pytestconfig.stash[CONVERGENCE]


# --- Outcomes ----------------------------------------------------------------------------------------------------------------------------


def pytest_bdd_before_step(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    request.node.stash[STEP] = f"{step.keyword} {step.name}  ({Path(scenario.feature.filename).name}:{step.line_number})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not isinstance(item.parent, FeatureFile):
        return report
    from converge.errors import Blocked, ThinkubeError, Unavailable

    error = call.excinfo.value if call.excinfo else None
    step = item.stash.get(STEP, "")
    if isinstance(error, Unavailable):
        report.outcome, report.category = "skipped", "unavailable"
        report.longrepr = (item.location[0], item.location[1] or 0, error.seen or error.wanted)
    elif isinstance(error, Blocked):
        report.category, report.longrepr = "blocked", f"blocked by {error.by}"
    elif isinstance(error, ThinkubeError):
        report.longrepr = f"{step}\n\n{error}"
    elif error is not None and step:
        report.sections.append(("step", step))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    match getattr(report, "category", ""):
        case "unavailable":
            return "unavailable", "U", ("UNAVAILABLE", {"yellow": True})
        case "blocked":
            return "blocked", "B", ("BLOCKED", {"red": True})
    return None


class _ScenarioLines:
    """Scenarios as whole lines instead of pytest's dots, so that progress from the background never lands inside one."""

    def __init__(self, config: pytest.Config, display: Display) -> None:
        self._config = config
        self._display = display
        self._own = config.option.verbose == 0

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        from _pytest.terminal import TerminalReporter

        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        self._own = self._own and type(reporter) is TerminalReporter
        if self._own:
            reporter._showfspath = reporter._show_progress_info = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        status = yield
        return (status[0], "", "") if self._own and isinstance(report, pytest.TestReport) else status

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._own and (report.when == "call" or not report.passed):
            self._display.scenario(report.nodeid, getattr(report, "category", report.outcome), report.duration, report.when or "")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    if (run := config.stash.get(RUN, None)) is None or PLANNED in config.stash:
        return
    from converge.reporting.terminal import summary

    if exitstatus == pytest.ExitCode.INTERRUPTED and not terminalreporter.getreports("error"):
        terminalreporter.write_line("interrupted; run the same command again to carry on")

    unavailable = [(report.nodeid, report.longrepr[2]) for report in terminalreporter.getreports("unavailable")]
    blocked = [(report.nodeid, str(report.longrepr)) for report in terminalreporter.getreports("blocked")]
    for title, text in summary(run.platform.graph, run.converger.outcomes, unavailable, blocked):
        terminalreporter.section(title)
        terminalreporter.write_line(text)
