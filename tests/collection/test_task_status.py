"""``--update-status``: the list follows what a run has proven."""

from __future__ import annotations

import pytest

LIST = """\
- [ ] CORE-001 Base: `features/infrastructure/base.feature`
- [x] CORE-004 Login: `features/core/login.feature`
- [ ] CORE-005 Database: `features/core/database.feature`
- [ ] CORE-006 Objects: `features/core/objects.feature`
"""


@pytest.fixture
def listed(project):
    project.write("START_HERE.md", LIST)
    return project


def ticked(project) -> str:
    return "".join(line[3] for line in (project.path / "START_HERE.md").read_text().splitlines())


def test_it_ticks_what_passed_and_unticks_what_did_not(listed, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_BROKEN", "login")
    result = listed.run("features/", "--update-status")
    assert ticked(listed) == "x xx"
    result.stdout.fnmatch_lines(
        ["*START_HERE.md follows this run*", "line 1: complete: CORE-001 Base*", "line 2: pending: CORE-004 Login*"]
    )


def test_without_the_option_nothing_changes(listed) -> None:
    listed.run("features/")
    assert ticked(listed) == " x  "


def test_a_part_of_a_feature_proves_nothing_and_refutes_nothing(listed) -> None:
    listed.run("features/", "-m", "sso", "--update-status").stdout.fnmatch_lines(["nothing to change"])
    assert ticked(listed) == " x  "


def test_rows_of_an_outline_count_each(listed) -> None:
    outline = "\n  Scenario Outline: Each <kind>\n    Then it works\n\n    Examples:\n      | kind |\n      | a |\n      | b |\n"
    listed.write("features/infrastructure/base.feature", listed.feature("base", "CORE-001", "infrastructure", "It stands") + outline)
    listed.run("features/infrastructure", "-k", "stands", "--update-status")
    listed.run("features/infrastructure/base.feature::It stands", "--update-status")
    assert ticked(listed)[0] == " "
    listed.run("features/infrastructure", "--update-status")
    assert ticked(listed)[0] == "x"


def test_a_list_that_is_not_there_is_said(project) -> None:
    project.run("features/", "--update-status").stdout.fnmatch_lines(["*the task list*"])
