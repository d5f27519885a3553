"""A cluster to break, the table of what was promised and seen, and how much of the long sweeps is done.

`pytest tests/faults -m fault` (root; a cluster of its own, deleted afterwards unless it ran before). THINKUBE_FAULTS_KILLS=25 makes the
sweep over the whole slice that long, THINKUBE_FAULTS_SEED chooses where it kills, THINKUBE_FAULTS_INVENTORY another cluster.
"""

import json
import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from place import Place

RESULTS = Path("build/faults/faults.json")
ROWS = pytest.StashKey[dict]()


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    path = Path(os.environ.get("THINKUBE_FAULTS_INVENTORY") or Path(__file__).with_name("inventory.yaml"))
    place = Place(path.resolve(), tmp_path_factory.mktemp("runs"))
    ran_before = place.provider.find() is not None
    place.mend()
    yield place
    if not ran_before:
        place.provider.delete()


@pytest.fixture(scope="session")
def kills():
    """How many kills the sweeps do."""
    return int(os.environ.get("THINKUBE_FAULTS_KILLS") or 3)


@pytest.fixture(scope="session")
def seed():
    return int(os.environ.get("THINKUBE_FAULTS_SEED") or time.time())


@pytest.fixture
def seen(request):
    """Say for the table what was seen: ``seen("ready again after 4.1 s")``."""
    return lambda text: request.node.user_properties.append(("seen", text))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """What needs the whole goes last: until then nothing stands on "ingress", and rolling that back is quick."""
    order = ("random_writes", "test_products.py", "keycloak")
    items.sort(key=lambda item: next((1 + place for place, words in enumerate(order) if words in item.nodeid), 0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if item.get_closest_marker("fault") and (report.when == "call" or report.outcome != "passed"):
        words = item.name.removeprefix("test_").replace("_", " ")
        error = str(call.excinfo.value).strip().partition("\n")[0][:200] if call.excinfo else ""
        item.config.stash.setdefault(ROWS, {})[item.nodeid] = {
            "fault": words,
            "promise": " ".join((item.function.__doc__ or "").split()),
            "seen": "; ".join(text for name, text in item.user_properties if name == "seen") or error,
            "outcome": {"passed": "kept", "failed": "broken"}.get(report.outcome, report.outcome),
            "seconds": round(report.duration, 1),
            "on": time.strftime("%Y-%m-%d"),
        }
    return report


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash.get(ROWS, {})
    if not rows:
        return
    path = config.rootpath / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text()) if path.exists() else {}
    known |= rows
    path.write_text(json.dumps(known, indent=2) + "\n")
    path.with_suffix(".md").write_text(_table(known.values()))
    terminalreporter.section("faults")
    for row in rows.values():
        terminalreporter.write_line(f"{row['outcome']:<7} {row['seconds']:>6.1f} s  {row['fault']}: {row['seen']}")
    terminalreporter.write_line(f"{RESULTS}, {RESULTS.with_suffix('.md')}")


def _table(rows):
    lines = ["| fault | promise | seen | kept | seconds |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['fault']} | {row['promise']} | {row['seen'].replace('|', '/')} | {row['outcome']} | {row['seconds']} |" for row in rows
    ]
    return "\n".join(lines) + "\n"
