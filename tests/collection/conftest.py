"""A project in a folder of its own: the real conftest.py, a platform without a cluster, small features and steps."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hanging import HANG_S

# Imported here once: pytester forgets what is first imported inside a run.
import converge.engine.run
import converge.engine.socket
import converge.engine.tags
import converge.reporting.plan
import converge.reporting.reports
import converge.reporting.summary
import converge.reporting.terminal  # noqa: F401
from converge.reporting.results import Results, from_json

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["addopts"]
QUIET = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")

PLATFORM = '''
import os, threading, time
from pathlib import Path
from typing import NamedTuple

from converge.engine.graph import Graph
from converge.engine.outcome import Outcome, Result
from converge.errors import Missing


class Component(NamedTuple):
    """Without what the real ones import: each process of a run would take half as long again to start."""

    name: str
    issue: str
    requires: tuple = ()
    images: tuple = ()
    called: str = ""
    keeps: str = ""
    keeps_nothing: str = ""
    qualities: frozenset = frozenset({"workloads"})
    is_optional: bool = False


class FakeApi:
    """A cluster in which every namespace exists; it writes into the file removed which of them were deleted."""

    def view(self, **_):
        return self

    def find(self, kind, name):
        return {"kind": kind}

    def delete(self, kind, name):
        with Path("removed").open("a") as removed:
            removed.write(name + "\\n")


class FakeOperations:
    """The fake platform does it all itself."""

    def __init__(self, platform):
        self.platform = platform

    def __getattr__(self, verb):
        return getattr(self.platform, verb)


class FakePlatform:
    """Writes what it does into the file calls; breaks, hangs or differs as the environment says."""

    def __init__(self, inventory, *, progress):
        self.inventory, self.progress, self.stopping = inventory, progress, threading.Event()
        self.components = {name: self.known()[name] for name in inventory.enabled(self.known())}
        self.graph = Graph({name: made.requires for name, made in self.components.items()})
        self.is_up, self.api, self.unavailable = bool(os.environ.get("FAKE_STANDS")), FakeApi(), {}

    @classmethod
    def known(cls, inventory=None):
        stateless, stateful = frozenset({"workloads", "nothing-to-lose"}), frozenset({"workloads", "keepsake"})
        login = Component("login", "CORE-004", ("database",), keeps_nothing="it asks", qualities=stateless)
        database = Component("database", "CORE-005", ("base",), keeps="rows", qualities=stateful)
        objects, base = Component("objects", "CORE-006", ("base",)), Component("base", "CORE-001")
        charts = Component("charts", "OPT-001", ("base",), is_optional=True)
        return {component.name: component for component in (login, objects, base, database, charts)}

    def say(self, *words):
        with Path("calls").open("a") as calls:
            calls.write(" ".join(words) + "\\n")

    def converge(self, name):
        self.say("converge", name, str(os.getpid()))
        self.is_up = True
        if os.environ.get("FAKE_HANG") == name:
            self.stopping.wait(30)
        if os.environ.get("FAKE_BROKEN") == name:
            text = f"wanted: {name} Ready\\nseen:   no pod\\ncause:  its long diagnosis"
            return Outcome(name, Result.FAILED, seconds=0.1, text=text, by=name)
        if os.environ.get("FAKE_UNAVAILABLE") == name:
            return Outcome(name, Result.UNAVAILABLE, text="no image to be had")
        return Outcome(name, Result.CONVERGED, ("create it",), time.time(), 0.1)

    def verify(self, name):
        self.say("verify", name)
        return Outcome(name, Result.CONVERGED)

    def verify_again(self, name):
        return self.verify(name)

    def roll_back(self, name):
        there = [name, *reversed([other for other in self.graph.dependants(name)])]
        self.say("roll-back", name)
        broken = os.environ.get("FAKE_STUCK") == name
        result, text = (Result.FAILED, "a finalizer holds it") if broken else (Result.ROLLED_BACK, "")
        return [Outcome(other, result, ("remove it",), time.time(), 0.1, text) for other in reversed(there)]

    def rotate(self, name):
        self.say("rotate", name)
        return Outcome(name, Result.CONVERGED)

    def wait_until_serving(self, names):
        self.say("serving", *sorted(names))

    def find_cluster(self):
        return "a cluster" if self.is_up else None

    def shared(self):
        return None

    def plan(self, name, shared):
        from converge.engine.plan import Plan, PlannedChange, PlannedField, Unknown

        self.say("plan", name)
        differs = os.environ.get("FAKE_DIFFERS") == name
        change = PlannedChange("change", "Deployment", "database", "database", fields=(PlannedField("spec.replicas", 2, 1, "kubectl"),))
        unknown = (Unknown("realm", "nobody answers"),) if os.environ.get("FAKE_UNKNOWN") == name else ()
        return Plan(name, (change,) if differs else (), unknown)

    def versions(self):
        return {"Kubernetes": "v1.2.3"}

    def check(self):
        if os.environ.get("FAKE_MISSING"):
            lacks = "not installed: buildah\\nonly 2 GiB free"
            raise Missing("a machine for this platform", seen=lacks, next_command="apt-get install buildah")

    def prepare(self, names):
        pass

    def stop(self):
        self.stopping.set()

    def close(self, outcomes, started_at):
        self.say("close", *outcomes)

    def record_acceptance(self, scenarios, report):
        pass

    def delete_cluster(self):
        self.say("delete")
'''

STEPS = """
import os

from pytest_bdd import given, parsers, then, when

from converge.errors import ThinkubeError, Unavailable


@given(parsers.re(r'"(?P<name>[^"]+)" is converged'))
def _(convergence, name):
    convergence.wait_for(name)


@when(parsers.re(r'the operator converges "(?P<name>[^"]+)" again'), target_fixture="again")
def _(convergence, name):
    return convergence.again(name)


@when(parsers.re(r'the operator rolls "(?P<name>[^"]+)" back and converges it again'))
def _(convergence, name):
    outcomes = convergence.roll_back(name)
    assert not [outcome.text for outcome in outcomes if outcome.text]
    convergence.wait_for(name)


@then("it works")
def _():
    pass


@then("one is two")
def _():
    one = 1
    assert one == 2


@then("its process dies")
def _():
    os._exit(9)


@then("the console exists")
def _():
    raise Unavailable("the console", seen="this release has none")


@then("the page is shown")
def _():
    raise ThinkubeError("the page", seen="a blank one", next_command="thinkube status")
"""


def feature(component: str, issue: str, area: str, *scenarios: str) -> str:
    """A feature of scenarios, each "title" or "title | last step" or "title | last step | @tag"."""
    text = f'@{area} @{component} @{issue}\nFeature: {component.capitalize()} serves\n  Background:\n    Given "{component}" is converged\n'
    for scenario in scenarios:
        title, step, tag = (
            (part.strip() for part in (*scenario.split("|"), "it works", "")[:3]) if "|" in scenario else (scenario, "it works", "")
        )
        text += f"\n  {tag if tag.startswith('@') else ''}\n  Scenario: {title}\n    Then {step}\n"
    return text


class Project:
    """The folder, and how to run pytest in it."""

    def __init__(self, path: Path, pytester: pytest.Pytester | None = None) -> None:
        self.path = path
        self._pytester = pytester
        self.write(
            "pyproject.toml",
            '[tool.pytest.ini_options]\nplatform = "fake_platform:FakePlatform"\noperations = "fake_platform:FakeOperations"\n'
            f'addopts = "{OPTIONS}"\n',
        )
        for file in ("conftest.py", "features/conftest.py"):
            self.write(file, (ROOT / file).read_text())
        self.write("fake_platform.py", PLATFORM)
        self.write("steps/__init__.py", "")
        self.write("steps/some.py", STEPS)
        self.write("inventory/local.yaml", "name: local\n")
        self.write(
            "features/core/login.feature",
            feature("login", "CORE-004", "core", "A person signs in", "Zero is less | it works | @sso", "A last one"),
        )
        self.write(
            "features/core/database.feature", feature("database", "CORE-005", "core", "Data is kept | it works | @data", "Rows are read")
        )
        self.write("features/infrastructure/base.feature", feature("base", "CORE-001", "infrastructure", "The base stands"))
        self.write("features/core/objects.feature", feature("objects", "CORE-006", "core", "An object is kept"))
        self.write("tests/test_plain.py", "def test_plain():\n    assert True\n")

    def write(self, path: str, text: str) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))

    feature = staticmethod(feature)

    def run(self, *arguments: str) -> pytest.RunResult:
        """In this process, which has imported everything already."""
        assert self._pytester
        return self._pytester.runpytest_inprocess(*QUIET, *arguments)

    def run_apart(self, *arguments: str, **settings: str) -> pytest.RunResult:
        """In processes of its own, with more environment variables."""
        command = [sys.executable, "-m", "pytest", *QUIET, *arguments]
        environment = os.environ | self.environment | settings
        started = time.perf_counter()
        done = subprocess.run(command, cwd=self.path, env=environment, capture_output=True, text=True, timeout=HANG_S)
        return pytest.RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), time.perf_counter() - started)

    @property
    def environment(self) -> dict[str, str]:
        """What processes of its own have beside this one's: they find the harness, and find it compiled, as those of a real run do."""
        return {"PYTHONPATH": f"{self.path}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "", "PY_COLORS": "0"}

    @property
    def calls(self) -> list[str]:
        """``["converge base", "close base"]``; what the platform was told to do."""
        return [" ".join(words[:2]) for words in self.calls_in_full]

    @property
    def calls_in_full(self) -> list[list[str]]:
        """``[["converge", "base", "4711"]]``; also by which process."""
        file = self.path / "calls"
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []

    def results(self, folder: str = "build/acceptance") -> Results:
        """What the reports say."""
        return from_json((self.path / folder / "results.json").read_bytes())


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in [name for name in sys.modules if name == "steps" or name.startswith("steps.") or name == "fake_platform"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(pytester.path))
    made = Project(pytester.path, pytester)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Another folder with each call; for a run in processes of its own that many tests look at."""
    return lambda: Project(tmp_path_factory.mktemp("project"))
