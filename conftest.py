"""pytest wiring: options, opening the platform, and the run from its start to its summary.

What makes a .feature file a test is in features/conftest.py. Nothing is read, opened or imported unless features are among the arguments:
``pytest tests/`` is plain pytest.
"""

from __future__ import annotations

import gc
import importlib
import re
from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from converge.commands import INVENTORY, WITH, WITH_HELP, asked, naming
from wiring import plan, processes, progress, tasks
from wiring.waiting import Waiting

if TYPE_CHECKING:
    from converge.engine.converger import Convergence
    from converge.engine.operations import Operations
    from converge.engine.platform import Platform
    from converge.engine.run import Run
    from converge.reporting.results import Scenario
    from converge.reporting.terminal import Display


def pytest_addoption(parser: pytest.Parser) -> None:
    gc.disable()  # until the first test: what is imported and collected stays, and looking for garbage in it is a twentieth of the start
    group = parser.getgroup("thinkube", "Thinkube: converge a platform and verify it")
    group.addoption("--inventory", default=INVENTORY, metavar="FILE", help="what to build the platform on (default: %(default)s)")
    group.addoption(WITH, dest="added", action="append", default=[], metavar="NAME", help=WITH_HELP)
    group.addoption("--verify-only", action="store_true", help="change nothing; drift is a failure")
    plan.add_options(group)
    group.addoption("--report-dir", default="build/acceptance", metavar="DIR", help="where reports go (default: %(default)s)")
    group.addoption(
        "--report-url", default="", metavar="URL", help="where the report will be published: the platform's dashboard links to it"
    )
    group.addoption("--cluster-name", metavar="NAME", help="another name than the inventory's: a cluster of its own beside others")
    group.addoption("--delete-cluster", action="store_true", help="afterwards delete the cluster if this run created it")
    tasks.add_option(group)
    processes.add_option(parser)
    parser.addini(
        "platform", "the class that is converged; the harness's own tests put a fake here", default="converge.engine.platform:Platform"
    )
    parser.addini("operations", "the class of what is done with it; likewise", default="converge.engine.operations:Operations")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    plan.settle(config)
    processes.settle(config)
    if processes.wants_only_features(config) and config.pluginmanager.has_plugin("hypothesispytest"):
        config.pluginmanager.unregister(name="hypothesispytest")  # its summary of tests that nobody runs here takes most of a second


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if not _wants_features(config):
        return
    from converge.errors import ThinkubeError
    from converge.redaction import install

    install()
    stack = ExitStack()
    stack.enter_context(naming(config.option.inventory, config.option.cluster_name or "", asked(config.option.added)))
    config.add_cleanup(stack.close)
    try:
        _open(config)
    except ThinkubeError as error:
        raise pytest.UsageError(str(error)) from error


def _wants_features(config: pytest.Config) -> bool:
    """Whether an argument is a feature, or a folder that holds or lies in the folder of features."""
    folder = config.rootpath / "features"
    return folder.is_dir() and any(path.is_relative_to(folder) or folder.is_relative_to(path) for path in processes.paths(config))


def _open(config: pytest.Config) -> None:
    """Read the inventory and make ready what the hooks below and features/conftest.py ask for; nothing is touched yet."""
    from converge.acceptance import throwaway
    from converge.engine.run import Run, beside
    from converge.engine.socket import RemoteConvergence
    from converge.engine.tags import known_tags, unknown_names
    from converge.inventory import read
    from converge.inventory.addition import added
    from converge.progress import SILENCE

    platform_class: type[Platform] = _named(config.getini("platform"))
    operations_class: type[Operations] = _named(config.getini("operations"))
    known = platform_class.known()
    inventory = read(config.rootpath / config.option.inventory, components=known).read_from(str(config.option.inventory))
    inventory = added(inventory, asked(config.option.added), known)
    if config.option.cluster_name:
        inventory = beside(inventory, config.option.cluster_name)
    tags = known_tags(known.values())
    for name, meaning in tags.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    registered = {re.split(r"[:( ]", line, maxsplit=1)[0] for line in config.getini("markers")}
    if unknown := unknown_names(_names_in(config.option.markexpr), registered):
        raise pytest.UsageError(f"-m {config.option.markexpr}: unknown: {', '.join(unknown)}\nknown: {', '.join(tags)}")
    if hasattr(config, "workerinput"):
        from wiring import locks
        from wiring.reporting import register

        convergence = RemoteConvergence(config.workerinput["convergence"])
        platform = platform_class(inventory, progress=SILENCE)
        session = Session(
            config, operations_class(platform), convergence, config.workerinput["throwaway"], stands=config.workerinput["stands"]
        )
        config.pluginmanager.register(session, "thinkube")
        register(config, None)
        locks.register(config, Path(config.workerinput["convergence"]["path"]).parent, platform.graph)
        return
    plan.leave_stdout_alone(config)
    shown = progress.display(config)
    platform = platform_class(inventory, progress=SILENCE if config.option.collectonly else shown)
    operations = operations_class(platform)
    run = Run(
        operations,
        config.rootpath / config.option.report_dir,
        verify_only=config.option.verify_only,
        delete_cluster=config.option.delete_cluster,
    )
    if not (config.option.collectonly or config.option.plan or config.option.verify_only):
        operations.check()
    namespace = throwaway.namespace_name()
    config.pluginmanager.register(Session(config, operations, run.converger, namespace), "thinkube")
    config.pluginmanager.register(Main(config, run, shown, namespace), "thinkube main")
    if config.option.collectonly:
        return
    if config.option.plan:
        plan.register(config, run)
    else:
        from wiring.reporting import register

        progress.register(config, shown, platform.graph)
        register(config, run)
        tasks.register(config)


def _named(dotted: str) -> Any:
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


def _names_in(expression: str) -> Iterable[str]:
    from _pytest.mark.expression import Expression

    try:
        return Expression.compile(expression).idents() if expression else ()
    except SyntaxError:
        return ()  # pytest says what is wrong with it


class Session:
    """What every process of a run has: the platform to look at, and who knows what has converged."""

    def __init__(
        self, config: pytest.Config, operations: Operations, convergence: Convergence, throwaway: str, *, stands: bool = False
    ) -> None:
        self.stands = stands
        """Whether several processes share a platform that was there before the run."""
        self.operations = operations
        self.platform = operations.platform
        self.convergence = Waiting(convergence)
        self.throwaway = throwaway
        """The namespace of the throw-away pods that these processes share."""
        self.needed: list[str] = []
        """The components that the selected scenarios need; features/conftest.py fills it after the collection."""
        self._idle = config.option.collectonly or config.option.plan

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        if self.needed and not self._idle and not session.testsfailed:
            self.convergence.select(self.needed)


class Main:
    """What only the process does that converges: it serves the others, shows, tells and ends the run."""

    def __init__(self, config: pytest.Config, run: Run, display: Display, throwaway: str) -> None:
        self._config = config
        self._run = run
        self._display = display
        self._throwaway = throwaway
        self._scenarios: list[Scenario] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput |= {"convergence": self._run.address, "stands": self._stands, "throwaway": self._throwaway}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        from wiring.scheduler import Scheduler

        is_ours = processes.wants_only_features(config) and config.getvalue("dist") == "load"
        return Scheduler(config, log, Path(self._run.address["path"]).parent) if is_ours else None

    @cached_property
    def _stands(self) -> bool:
        return self._run.platform.find_cluster() is not None

    def pytest_report_header(self) -> list[str]:
        from wiring.expectation import expectation

        platform, option = self._run.platform, self._config.option
        head = f"inventory: {option.inventory}, cluster {platform.inventory.name}"
        if self._stands:
            return [head]
        is_idle = option.collectonly or option.plan or option.verify_only
        return [f"{head}, which does not run yet", *([] if is_idle else [expectation(platform)])]

    def pytest_report_collectionfinish(self) -> str:
        platform = self._run.platform
        names = platform.graph.closure(self._config.pluginmanager.get_plugin("thinkube").needed, platform.unavailable)
        verb = "planning" if self._config.option.plan else "verifying" if self._config.option.verify_only else "converging"
        return f"{verb}: {', '.join(names)}" if names else ""

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if (data := getattr(report, "scenario", None)) is not None:
            from converge.reporting.results import scenario_from

            self._scenarios.append(scenario_from(data))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        from converge.acceptance import throwaway
        from converge.errors import ThinkubeError

        if session.exitstatus != pytest.ExitCode.INTERRUPTED:
            self._run.restore()
        self._display.close()
        try:
            if self._scenarios and self._run.platform.find_cluster() is not None:
                throwaway.remove(self._run.platform.api.view(patience_s=5), self._throwaway)
                ended = [(scenario.tags, scenario.outcome.value) for scenario in self._scenarios]
                self._run.platform.record_acceptance(ended, self._config.option.report_url)
            self._run.close()
        except ThinkubeError as error:
            self._write(f"\nat the end of the run:\n{error}")
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        if session.exitstatus == pytest.ExitCode.OK and any(
            outcome.result == "failed" for outcome in self._run.converger.outcomes.values()
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        if self._config.option.plan or self._config.option.collectonly:
            return
        from converge.reporting.summary import summary

        if exitstatus == pytest.ExitCode.INTERRUPTED and not terminalreporter.getreports("error"):
            terminalreporter.write_line("interrupted; run the same command again to carry on")
        for title, text in summary(self._run.platform.graph, self._run.converger.outcomes, self._scenarios):
            terminalreporter.section(title)
            terminalreporter.write_line(text)

    def _write(self, text: str) -> None:
        self._config.get_terminal_writer().line(text)
