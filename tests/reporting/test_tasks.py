"""The task list: one line changes, or nothing does."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.errors import Refused
from converge.reporting import tasks

ROOT = Path(__file__).resolve().parents[2]
TEXT = """# Start

- [ ] CORE-004 Keycloak: `features/core/keycloak.feature`
- [x] CORE-006 MinIO: `features/core/minio.feature`

```
- [ ] an example
```
- [ ] Documentation
"""


def run(file, *arguments):
    command = [sys.executable, str(ROOT / "scripts/update_task_status.py"), *arguments, "--file", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=file.parent)


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "START_HERE.md"
    made.write_text(TEXT)
    return made


def test_tasks_are_the_lines_with_a_box_outside_of_code():
    assert [(task.line, task.is_complete, task.features) for task in tasks.tasks(TEXT)] == [
        (3, False, ("features/core/keycloak.feature",)),
        (4, True, ("features/core/minio.feature",)),
        (9, False, ()),
    ]


def test_the_product_s_own_list_names_each_task_s_feature():
    found = tasks.tasks((ROOT / "START_HERE.md").read_text())
    assert len(found) >= 24
    assert all(task.features for task in found if task.text.startswith(("CORE-", "OPT-")))


def test_every_feature_stands_in_a_line_of_its_issue():
    lines = defaultdict(set)
    for task in tasks.tasks((ROOT / "START_HERE.md").read_text()):
        lines[task.text.partition(" ")[0]].update(task.features)
    forgotten = []
    for file in sorted((ROOT / "features").rglob("*.feature")):
        issues = re.findall(r"@((?:CORE|OPT)-\d+)", next(line for line in file.read_text().splitlines() if line.startswith("@")))
        path = file.relative_to(ROOT).as_posix()
        forgotten += [f"{issue}: {path}" for issue in issues if path not in lines[issue]]
    assert not forgotten


def test_a_task_of_several_features_needs_all_of_them_and_one_failure_is_enough():
    text = "- [ ] CORE-006 MinIO: `features/core/minio.feature`, `features/core/minio-console.feature`\n"
    store, console = tasks.tasks(text)[0].features
    assert tasks.with_proofs(text, {store: True}) == (text, [])
    ticked, changed = tasks.with_proofs(text, {store: True, console: True})
    assert (ticked[3], changed[0][:16]) == ("x", "line 1: complete")
    assert tasks.with_proofs(ticked, {console: True}) == (ticked, [])
    assert tasks.with_proofs(ticked, {console: False})[0] == text


@pytest.mark.parametrize(("line", "near"), [(1, 3), (5, 4), (7, 9), (99, 9), (0, 3), (-5, 3)])
def test_a_line_that_is_no_task_is_refused_and_the_nearest_named(line, near):
    with pytest.raises(Refused) as refused:
        tasks.with_status(TEXT, line, complete=True)
    assert f"the nearest is line {near}:" in refused.value.cause


@given(st.lists(st.sampled_from([*TEXT.split("\n"), "* [X] a", "  - [ ] b\r", "- [y] c", "\t", "é"])), st.integers(-3, 40), st.booleans())
def test_nothing_but_the_one_box_ever_changes(lines, line, complete):
    text = "\n".join(lines)
    try:
        changed = tasks.with_status(text, line, complete=complete)
    except Refused:
        assert line not in [task.line for task in tasks.tasks(text)]
        return
    before, after = text.split("\n"), changed.split("\n")
    assert len(before) == len(after)
    assert [number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]] in ([], [line])
    assert [task.is_complete for task in tasks.tasks(changed) if task.line == line] == [complete]
    assert tasks.with_status(changed, line, complete=complete) == changed


def test_proofs_tick_and_untick_only_what_ran():
    text, changed = tasks.with_proofs(TEXT, {"features/core/keycloak.feature": True, "features/core/minio.feature": False, "other": True})
    assert [task.is_complete for task in tasks.tasks(text)] == [True, False, False]
    assert [line.partition(":")[0] for line in changed] == ["line 3", "line 4"]
    assert tasks.with_proofs(TEXT, {}) == (TEXT, [])


def test_the_script_changes_one_line_and_says_so(file):
    done = run(file, "3", "complete")
    assert (done.returncode, done.stdout) == (0, "START_HERE.md:3: - [x] CORE-004 Keycloak: `features/core/keycloak.feature`\n")
    assert file.read_text() == TEXT.replace("[ ] CORE-004", "[x] CORE-004")
    assert run(file, "3", "pending").returncode == 0
    assert file.read_text() == TEXT


def test_the_script_refuses_what_is_no_task_and_leaves_the_file_alone(file):
    before = file.stat().st_mtime_ns
    done = run(file, "2", "complete")
    assert done.returncode == 1
    assert "the nearest is line 3: CORE-004 Keycloak" in done.stderr
    assert run(file, "3", "done").returncode == 2
    assert file.stat().st_mtime_ns == before


def test_a_write_that_fails_leaves_the_old_file_whole(file, monkeypatch):
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match="no room"):
        tasks.write(file, "half")
    assert file.read_text() == TEXT
    assert list(file.parent.iterdir()) == [file]


def test_a_write_keeps_mode_line_endings_and_where_a_link_leads(tmp_path):
    real = tmp_path / "real.md"
    real.write_bytes(b"- [ ] a\r\n")
    real.chmod(0o640)
    link = tmp_path / "link.md"
    link.symlink_to(real)
    tasks.write(link, tasks.with_status(tasks.read(link), 1, complete=True))
    assert link.is_symlink()
    assert real.read_bytes() == b"- [x] a\r\n"
    assert real.stat().st_mode & 0o777 == 0o640
