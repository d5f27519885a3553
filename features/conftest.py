"""Makes .feature files tests: collection, order, fixtures, and what a scenario's end means."""

from __future__ import annotations

import contextlib
import gc
import re
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from pytest_bdd import scenario
from pytest_bdd.gherkin_parser import get_gherkin_document
from pytest_bdd.parser import Feature, ScenarioTemplate
from pytest_bdd.scenario import scenario_wrapper_template_registry

from converge.commands import WITH, typed
from converge.engine.tags import known_tags, tag_faults
from converge.errors import Blocked, ThinkubeError, Unavailable
from converge.redaction import redact
from wiring import locks, standard, vocabulary

if TYPE_CHECKING:
    from converge.engine.converger import Convergence
    from converge.engine.platform import Platform
    from converge.inventory import Inventory

STEP: pytest.StashKey[str] = pytest.StashKey()
STANDING: pytest.StashKey[list[str]] = pytest.StashKey()
"""What had converged on top of what a scenario takes away."""
WAITING: pytest.StashKey[Counter[str]] = pytest.StashKey()
"""How many scenarios of which kind nobody asked for."""
ON_DEMAND = (locks.ROLLBACK, locks.ROTATION, locks.OUTAGE)
"""Kinds of scenarios that are slow, so that only whoever names them gets them."""
CONVERGED = re.compile(r'"([^"]+)" is converged$')
ALL_CONVERGED = "every component is converged"


# --- Collection --------------------------------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    return FeatureFile.from_parent(parent, path=file_path) if file_path.suffix == ".feature" else None


class FeatureFile(pytest.Module):
    """A feature as pytest sees it: a module in memory whose functions are its scenarios, named by their titles.

    A component's feature, which is called like it, has the standard promises among them. Where these are written, they are only
    collected when that file itself is asked for: then those of all components.
    """

    def _getobj(self) -> ModuleType:
        from pytest_bdd.exceptions import GherkinParseError

        try:
            feature = standard.feature_of(self.config, self.path)
        except GherkinParseError as error:
            raise self.CollectError(str(error)) from error
        self._check_tags(feature)
        module = ModuleType(self.path.stem)
        for title in feature.scenarios:
            vars(module)[title] = scenario(self.path.name, title, features_base_dir=str(self.path.parent))(lambda: None)
        return module

    def istestfunction(self, obj: object, name: str) -> bool:
        return callable(obj)

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        if self.file == standard.FILE:
            assert self.obj  # that says what is wrong with it
            yield from self._promises() if self.session.isinitpath(self.path) else ()
            return
        for item in super().collect():
            if isinstance(item, pytest.Function):
                file = standard.FILE if _is_standard(item) else self.file
                item.location = (file, _template(item).line_number - 1, item.name)
            yield item

    def _promises(self) -> Iterator[pytest.Item]:
        """The standard promises of every component whose feature is not asked for as well, each under that feature."""
        wanted = [(self.config.invocation_params.dir / argument).resolve() for argument in self.config.args]
        for name in standard.components(self.config):
            for path in (self.config.rootpath / "features").glob(f"*/{name}.feature"):
                if not any(path.is_relative_to(one) for one in wanted):
                    own = FeatureFile.from_parent(self.parent, path=path)
                    yield from (item for item in own.collect() if _is_standard(item))

    @property
    def file(self) -> str:
        """``features/core/keycloak.feature``."""
        return str(self.path.relative_to(self.config.rootpath))

    def _check_tags(self, feature: Feature) -> None:
        known = known_tags(_platform(self.config).known().values())
        own = [each for each in feature.scenarios.values() if not isinstance(each, standard.Promise)]
        if feature.tags.union(*(scenario.tags for scenario in own)) <= known.keys():
            return
        document = get_gherkin_document(str(self.path)).feature  # once more, for the lines of the tags
        scenarios = [child.scenario for child in document.children if child.scenario]
        scenarios += [child.scenario for rule in document.children if rule.rule for child in rule.rule.children if child.scenario]
        tags = [(tag.location.line, tag.name.lstrip("@")) for node in (document, *scenarios) for tag in node.tags]
        raise self.CollectError("\n".join(str(fault) for fault in tag_faults(self.file, tags, known)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Features follow the graph of components and keep the order of their file; what the inventory leaves out is not selected.

    What is slow has to be asked for; `wiring.locks` says which comes first.
    """
    items[:] = {item.nodeid: item for item in items}.values()  # the file of the standard promises was named beside a component's
    platform = _platform(config)
    unwanted = set(platform.known()) - set(platform.components)
    unwanted |= {"disruptive", *ON_DEMAND} if config.option.verify_only else set()
    left_out = [item for item in items if isinstance(item.parent, FeatureFile) and _tagged(item, unwanted)]
    named = {argument.partition("[")[0].replace(standard.FILE, "") for argument in config.args if "::" in argument}
    unasked = {kind for kind in ON_DEMAND if kind not in config.option.markexpr}
    waiting = [item for item in items if item not in left_out and _tagged(item, unasked) and not named & _names(item)]
    config.stash[WAITING] = Counter(_tagged(item, unasked)[0] for item in waiting)
    left_out += waiting
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    stands = config.pluginmanager.get_plugin("thinkube").stands

    def key(item: pytest.Item) -> tuple[int, int, str]:
        names = _tagged(item, set(platform.graph.order)) if isinstance(item.parent, FeatureFile) else []
        kinds = {mark.name for mark in item.iter_markers()}
        return (*locks.place(names, kinds, platform.graph, stands=stands), str(item.path) if names else "")

    items[:] = sorted((item for item in items if item not in left_out), key=key)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    waiting, platform = config.stash.get(WAITING, Counter()), _platform(config)
    optional = [name for name, one in platform.known().items() if one.is_optional and name not in platform.components]
    named = [name for name in optional if re.search(rf"(?<![\w-]){name}(?![\w-])", config.option.markexpr)]
    return [
        f"{name} is optional, and the inventory does not list it: {typed(f'pytest features/ -m {name} {WITH} {name}')}" for name in named
    ] + [
        f"{count} {kind} scenario{'s' if count > 1 else ''}: {typed(f'pytest features/ -m {kind}')}"
        for kind, count in sorted(waiting.items())
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    for item in session.items:
        if isinstance(item.parent, FeatureFile):
            item.stash[locks.TARGETS] = frozenset(_targets(item))
            item.stash[locks.BROWSER] = locks.uses_browser(step.name for step in _template(item).steps)
    needed = [name for item in session.items if isinstance(item.parent, FeatureFile) for name in _needed_by(item)]
    plugins = session.config.pluginmanager
    plugins.get_plugin("thinkube").needed = list(dict.fromkeys(needed))
    if (own_locks := plugins.get_plugin("locks")) is not None:
        own_locks.announce(session.items)
    if needed and not (session.config.option.collectonly or session.config.option.plan):
        vocabulary.load(session.config)  # a third of the start, for which whoever runs no scenario need not wait
    gc.freeze()  # what pytest has collected stays: looking through it for garbage takes a tenth of the time of a plan


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Nothing is taken away from under a component that is being converged: what stands on it is done before."""
    if not isinstance(item.parent, FeatureFile) or not _tagged(item, {locks.DISRUPTIVE}):
        return
    thinkube = item.config.pluginmanager.get_plugin("thinkube")
    graph = thinkube.platform.graph
    selected = graph.closure(thinkube.needed)
    targets = item.stash[locks.TARGETS]
    disturbed = {found for target in targets for found in graph.disturbed_by(target)}
    standing = item.stash[STANDING] = []
    for name in {found for target in targets for found in graph.dependants(target)}.intersection(selected):
        with contextlib.suppress(ThinkubeError):  # its own scenarios say why
            thinkube.convergence.wait_for(name)
            standing += [name] if name in disturbed else []


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Whoever's turn is next finds all that stands on what was taken away serving again."""
    if standing := item.stash.get(STANDING, []):
        item.config.pluginmanager.get_plugin("thinkube").operations.wait_until_serving(standing)


def _needed_by(item: pytest.Item) -> list[str]:
    """The components that a scenario is about or says to be converged."""
    components = _platform(item.config).components
    steps = [step.name for step in _template(item).steps]
    named = list(components) if ALL_CONVERGED in steps else [found[1] for step in steps if (found := CONVERGED.search(step))]
    return [name for name in (*_tagged(item, set(components)), *named) if name in components]


def _targets(item: pytest.Item) -> Iterator[str]:
    """The components that a scenario is about, or looks at besides, and those that lose their pods in it."""
    components = _platform(item.config).components
    yield from _needed_by(item)
    example = getattr(item, "callspec", None)
    values = next(iter(example.params.values()), {}) if example else {}
    for step in _template(item).steps:
        yield from (name for name in locks.loses_pods(step.name, values if isinstance(values, dict) else {}) if name in components)


def _names(item: pytest.Item) -> set[str]:
    """What an argument may call it: ``features/core/login.feature::A person signs in``, or where a standard promise is written."""
    return {item.nodeid.partition("[")[0], *([f"::{item.name}"] if _is_standard(item) else ())}


def _tagged(item: pytest.Item, names: set[str]) -> list[str]:
    return [mark.name for mark in item.iter_markers() if mark.name in names]


def _is_standard(item: pytest.Item | pytest.Collector) -> bool:
    return isinstance(item, pytest.Function) and isinstance(_template(item), standard.Promise)


def _template(item: pytest.Item) -> ScenarioTemplate:
    assert isinstance(item, pytest.Function)
    return scenario_wrapper_template_registry[item.function]


# --- Fixtures ----------------------------------------------------------------------------------------------------------------------------


def _platform(config: pytest.Config) -> Platform:
    made: Platform = config.pluginmanager.get_plugin("thinkube").platform
    return made


@pytest.fixture(scope="session")
def platform(pytestconfig: pytest.Config) -> Platform:
    """The platform under test: its inventory, components, cluster and ways in."""
    return _platform(pytestconfig)


@pytest.fixture(scope="session")
def inventory(platform: Platform) -> Inventory:
    """What the platform is built on and consists of."""
    return platform.inventory


@pytest.fixture(scope="session")
def convergence(pytestconfig: pytest.Config) -> Convergence:
    """Who knows what has converged: ``wait_for(name)``, ``again(name)``."""
    made: Convergence = pytestconfig.pluginmanager.get_plugin("thinkube").convergence
    return made


@pytest.fixture(scope="session")
def throwaway_namespace(pytestconfig: pytest.Config) -> str:
    """Where every process of this run has its throw-away pods."""
    name: str = pytestconfig.pluginmanager.get_plugin("thinkube").throwaway
    return name


# --- Outcomes ----------------------------------------------------------------------------------------------------------------------------


def pytest_bdd_before_step(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    is_written_there = _is_standard(request.node) and step.name in {own.name for own in _template(request.node)._steps}
    file = Path(standard.FILE if is_written_there else scenario.feature.filename)
    request.node.stash[STEP] = f"{step.keyword} {step.name}  ({file.name}:{step.line_number})"


def pytest_bdd_step_func_lookup_error(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    pytest_bdd_before_step(request, scenario, step)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    error = call.excinfo.value if call.excinfo else None
    step = item.stash.get(STEP, "")
    if isinstance(error, Unavailable):
        report.outcome, report.category = "skipped", "unavailable"
        report.longrepr = (item.location[0], item.location[1] or 0, redact(error.seen or error.wanted))
    elif isinstance(error, Blocked):
        report.category, report.longrepr = "blocked", f"blocked by {error.by}"
    elif isinstance(error, ThinkubeError):
        report.longrepr = redact(f"{step}\n\n{error}")
    elif call.excinfo is not None and report.failed:
        from wiring.failures import shaped

        report.longrepr = shaped(item, call.excinfo, report, step)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    match getattr(report, "category", ""):
        case "unavailable":
            return "unavailable", "U", ("UNAVAILABLE", {"yellow": True})
        case "blocked":
            return "blocked", "B", ("BLOCKED", {"red": True})
    return None
