"""What a run says, writes down and ends with."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest


def cases(junit: Path) -> list[ElementTree.Element]:
    return list(ElementTree.parse(junit).iter("testcase"))  # noqa: S314 - written by this very run


def test_a_failed_component_is_told_once_and_blocks_only_its_dependants(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_BROKEN", "database")
    result = project.run("features/", "--junitxml", "junit.xml")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"passed": 2, "blocked": 5}
    text = result.stdout.str()
    assert text.count("its long diagnosis") == 1
    result.stdout.fnmatch_lines(
        [
            "*database did not converge*",
            "wanted: database Ready",
            "seen:   no pod",
            "cause:  its long diagnosis",
            "blocks:  login",
            "*5 scenarios",
        ]
    )
    failures = [failure.text for case in cases(project.path / "junit.xml") for failure in case.iter("failure")]
    assert failures == ["blocked by database"] * 5


def test_an_unavailable_scenario_is_listed_with_its_reason_and_does_not_pass(project) -> None:
    project.write(
        "features/core/other.feature",
        "@core @login @CORE-004\nFeature: Other\n\n  Scenario: The console is shown\n    Then the console exists\n",
    )
    result = project.run("features/core/other.feature", "--junitxml", "junit.xml")
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"unavailable": 1}
    result.stdout.fnmatch_lines(
        ["*unavailable*The console is shown*", "features/core/other.feature::The console is shown", "*this release has none"]
    )
    reasons = [skipped.attrib["message"] for case in cases(project.path / "junit.xml") for skipped in case.iter("skipped")]
    assert reasons == ["this release has none"]


def test_what_requires_an_unavailable_component_is_unavailable_too(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_UNAVAILABLE", "database")
    result = project.run("features/")
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"passed": 2, "unavailable": 5}
    result.stdout.fnmatch_lines(["*requires database: no image to be had"])


@pytest.fixture
def wrong(project):
    project.write(
        "features/core/other.feature", "@core @login @CORE-004\nFeature: Other\n\n  Scenario: It adds up to 2\n    Then one is two\n"
    )
    return project


def test_a_failed_step_has_the_shape_of_every_other_failure(wrong) -> None:
    result = wrong.run("features/core/other.feature", "--junitxml", "junit.xml")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    shape = [
        "wanted: Then one is two  (other.feature:5)",
        "seen:   assert 1 == 2",
        "next:   *pytest 'features/core/other.feature::It adds up to 2' -v",
    ]
    result.stdout.fnmatch_lines(shape, consecutive=True)
    assert "def _" not in result.stdout.str()
    (failure,) = [failure for case in cases(wrong.path / "junit.xml") for failure in case.iter("failure")]
    assert failure.attrib["message"] == "assert 1 == 2"
    assert failure.text
    assert failure.text.splitlines()[:2] == shape[:2]


@pytest.mark.parametrize("options", [("-v",), ("--tb=short",)], ids=" ".join)
def test_the_traceback_comes_where_it_is_asked_for_and_the_shape_last(wrong, options) -> None:
    result = wrong.run("features/core/other.feature", *options)
    again = "-vv" if "-v" in options else "-v"
    result.stdout.fnmatch_lines(["*assert one == 2", "wanted: Then one is two*", "seen:   assert 1 == 2", f"next:   * {again}"])


def test_the_next_command_keeps_the_options_of_the_run(wrong) -> None:
    wrong.write("inventory/other one.yaml", "name: other\n")
    result = wrong.run("features/core/other.feature", "--inventory", "inventory/other one.yaml", "--verify-only")
    result.stdout.fnmatch_lines(["next:   *::It adds up to 2' --inventory 'inventory/other one.yaml' --verify-only -v"])


def test_a_step_that_breaks_is_called_a_fault_of_the_harness(project) -> None:
    project.write("steps/more.py", "from pytest_bdd import then\n\n@then('it has a name')\ndef _():\n    {}['name']\n")
    project.write("features/core/other.feature", "@core @login @CORE-004\nFeature: Other\n\n  Scenario: Named\n    Then it has a name\n")
    result = project.run("features/core/other.feature")
    result.stdout.fnmatch_lines(["seen:   KeyError: 'name'", "cause:  steps/more.py:5 broke: a fault of the harness*"])


def test_a_command_of_ours_that_is_next_names_the_inventory_of_the_run(project) -> None:
    project.write("inventory/other.yaml", "name: other\n")
    project.write(
        "features/core/other.feature", "@core @login @CORE-004\nFeature: Other\n\n  Scenario: It shows\n    Then the page is shown\n"
    )
    result = project.run("features/core/other.feature", "--inventory", "inventory/other.yaml")
    result.stdout.fnmatch_lines(["next:   thinkube status --inventory inventory/other.yaml"])


def test_an_error_that_a_person_can_act_on_is_shown_without_a_traceback(project) -> None:
    project.write(
        "features/core/other.feature", "@core @login @CORE-004\nFeature: Other\n\n  Scenario: It shows\n    Then the page is shown\n"
    )
    result = project.run("features/core/other.feature")
    result.stdout.fnmatch_lines(["Then the page is shown*", "wanted: the page", "seen:   a blank one", "next:   thinkube status"])
    assert "Traceback" not in result.stdout.str()
    assert "def _" not in result.stdout.str()


def test_a_missing_step_fails_its_scenario_by_name(project) -> None:
    project.write("features/core/other.feature", "@core @login @CORE-004\nFeature: Other\n\n  Scenario: It shows\n    Then nobody knows\n")
    result = project.run("features/core/other.feature")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert 'Step definition is not found: Then "nobody knows"' in result.stdout.str()


def test_verify_only_converges_nothing(project) -> None:
    result = project.run("features/", "--verify-only", "-m", "database")
    result.assert_outcomes(passed=2, deselected=5)
    assert project.calls == ["verify base", "verify database", "close base"]


def test_verify_only_takes_nothing_away_from_what_runs(project) -> None:
    project.write(
        "features/core/other.feature", project.feature("login", "CORE-004", "core", "It survives | it works | @disruptive", "It stands")
    )
    project.run("features/core/other.feature", "--verify-only").assert_outcomes(passed=1, deselected=1)
    project.run("features/core/other.feature").assert_outcomes(passed=2)


def test_after_a_loss_all_that_stood_on_it_serves_again_before_the_next_turn(project) -> None:
    project.write("features/core/other.feature", project.feature("database", "CORE-005", "core", "It survives | it works | @disruptive"))
    project.run("features/").assert_outcomes(passed=8)
    assert [call for call in project.calls if call.startswith("serving")] == ["serving login"]


def test_collecting_converges_nothing(project) -> None:
    project.run("features/", "--collect-only")
    assert not [call for call in project.calls if call.startswith("converge")]


def test_a_second_converge_is_a_real_one(project) -> None:
    project.write(
        "features/core/other.feature",
        '@core @base @CORE-001\nFeature: Other\n\n  Scenario: Twice\n    When the operator converges "base" again\n    Then it works\n',
    )
    project.run("features/core/other.feature").assert_outcomes(passed=1)
    assert project.calls.count("converge base") == 2


def test_the_report_folder_has_a_line_for_each_component(project) -> None:
    project.run("features/", "-m", "database", "--report-dir", "out/here")
    lines = [json.loads(line) for line in (project.path / "out/here/converge.jsonl").read_text().splitlines()]
    assert [(line["component"], line["result"]) for line in lines] == [("base", "converged"), ("database", "converged")]


def test_the_cluster_is_deleted_after_the_run_also_when_it_fails(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_BROKEN", "base")
    project.run("features/", "--delete-cluster")
    assert project.calls[-2:] == ["close base", "delete"]


def test_a_cluster_of_its_own_has_its_own_name_and_addresses(project) -> None:
    project.write(
        "steps/more.py",
        """
        from pytest_bdd import then

        @then("I see")
        def _(inventory):
            print("SEEN", inventory.name, inventory.nodes.subnet)
            assert False
        """,
    )
    project.write("features/core/other.feature", "@core @base @CORE-001\nFeature: Other\n\n  Scenario: Own\n    Then I see\n")
    result = project.run("features/core/other.feature", "--cluster-name", "test-7")
    result.stdout.re_match_lines([r"SEEN test-7 10\.88\.1\d\d\.0/24|SEEN test-7 10\.88\.2\d\d\.0/24"])
