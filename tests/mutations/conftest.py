"""What mutations run on: a platform that has converged, named by --inventory; and what they found, as a table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # mutation.py and the tables beside it

from mutation import Mutation

from converge.engine.platform import Platform

FOLDER = Path("build/mutations")
ROWS: pytest.StashKey[list[Row]] = pytest.StashKey()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """They break a running platform, so nobody runs them without saying so: ``-m mutation``."""
    if "mutation" not in config.option.markexpr:
        waiting = [item for item in items if item.get_closest_marker("mutation")]
        config.hook.pytest_deselected(items=waiting)
        items[:] = [item for item in items if item not in waiting]


@dataclass
class Row:
    """One mutation as it went; ``verdict`` is killed, survived, wrong reason, not repaired or error."""

    mutation: str
    component: str
    scenarios: list[str]
    reason: str
    verdict: str = "error"
    repaired_by: str = ""
    seen: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    on: str = field(default_factory=lambda: time.strftime("%Y-%m-%d"))


@pytest.fixture(scope="session")
def platform(pytestconfig: pytest.Config) -> Iterator[Platform]:
    """The platform that is broken and repaired: ``--inventory`` says which."""
    from converge.commands import asked
    from converge.components import known
    from converge.inventory import Inventory, read
    from converge.inventory.addition import added

    components = known(Inventory())
    inventory = read(pytestconfig.rootpath / pytestconfig.option.inventory, components=components)
    opened = Platform(added(inventory, asked(pytestconfig.option.added), components))
    opened.cluster()
    yield opened
    opened.stop()
    opened.close({}, time.time())


@pytest.fixture(scope="session")
def verify(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """``verify([nodeid, …])``: what pytest says of these scenarios with ``--verify-only``, by node id."""
    command = [sys.executable, str(Path(__file__).with_name("verifier.py"))]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(pytestconfig.rootpath)}
    server = subprocess.Popen(
        command, cwd=pytestconfig.rootpath, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert server.stdin
    assert server.stdout

    def run(nodeids: Sequence[str]) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("verify")
        log, report = folder / "log", folder / "results.json"
        arguments = [*dict.fromkeys(nodeids), "--verify-only", "-q", "-p", "no:cacheprovider"]
        arguments += ["--inventory", pytestconfig.option.inventory, "--report-dir", str(folder)]
        server.stdin.write(json.dumps({"arguments": arguments, "log": str(log)}) + "\n")
        server.stdin.flush()
        assert server.stdout.readline(), "the verifier ended"
        assert report.exists(), f"no report:\n{log.read_text()[-3000:]}"
        results = json.loads(report.read_text())
        found = {scenario["nodeid"]: scenario for scenario in results["scenarios"]}
        causes = "\n".join(component["text"] for component in results["components"] if component["result"] == "failed")
        for scenario in found.values():
            if scenario["outcome"] == "blocked":  # its cause is told once, with the component
                scenario["failure"] = {"text": causes}
        missing = [nodeid for nodeid in nodeids if not _of(nodeid, found)]
        assert not missing, f"no such scenario, or it did not run: {missing}\n{log.read_text()[-2000:]}"
        return found

    yield run
    server.stdin.close()
    server.wait(30)


def _of(nodeid: str, found: dict[str, Any]) -> list[Any]:
    """The scenario of this name, or all rows of that outline."""
    return [scenario for name, scenario in found.items() if name == nodeid or name.startswith(f"{nodeid}[")]


@pytest.fixture
def row(request: pytest.FixtureRequest, mutation: Mutation) -> Iterator[Row]:
    """Where a mutation writes down how it went; the table is written after each, so that a run that is stopped leaves one."""
    made = Row(mutation.name, mutation.component, list(mutation.scenarios), mutation.reason)
    made.repaired_by = "undo" if mutation.undo else "converge"
    rows = request.config.stash.setdefault(ROWS, [])
    rows.append(made)
    yield made
    folder = request.config.rootpath / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    table = [*_earlier(folder / "mutations.json", {row.mutation for row in rows}), *rows]
    (folder / "mutations.json").write_text(json.dumps([asdict(row) for row in table], indent=2, ensure_ascii=False) + "\n")
    (folder / "mutations.md").write_text(_table(table))


def _earlier(file: Path, tried: set[str]) -> list[Row]:
    """Rows of earlier runs stay until their mutation is tried again."""
    if not file.exists():
        return []
    day = time.strftime("%Y-%m-%d", time.localtime(file.stat().st_mtime))
    return [Row(**{"on": day, **data}) for data in json.loads(file.read_text()) if data["mutation"] not in tried]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, [])
    if not rows:
        return
    terminalreporter.section("mutations")
    for row in rows:
        seconds = sum(row.seconds.values())
        terminalreporter.write_line(f"{row.verdict:13} {seconds:5.0f} s  {row.mutation}  →  {row.scenarios[0].partition('::')[2]}")
    killed = sum(row.verdict == "killed" for row in rows)
    terminalreporter.write_line(f"{killed} of {len(rows)} killed; {FOLDER}/mutations.md")


def _table(rows: Sequence[Row]) -> str:
    lines = ["| what is broken | which scenario turns red | repaired by | verdict | seconds |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        scenarios = "<br>".join(f"{scenario.partition('::')[2]} ({Path(scenario.partition('::')[0]).stem})" for scenario in row.scenarios)
        by = f"converge of {row.component}" if row.repaired_by == "converge" else "undone by hand: not desired state"
        lines.append(f"| {row.mutation} | {scenarios} | {by} | {row.verdict} | {sum(row.seconds.values()):.0f} |")
    return "\n".join(lines) + "\n"
