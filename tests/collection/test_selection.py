"""What is collected, selected, ordered and refused."""

from __future__ import annotations

import pytest

LOGIN = "features/core/login.feature"
ORDER = [
    "features/infrastructure/base.feature::The base stands",
    "features/core/objects.feature::An object is kept",
    "features/core/database.feature::Data is kept",
    "features/core/database.feature::Rows are read",
    f"{LOGIN}::A person signs in",
    f"{LOGIN}::Zero is less",
    f"{LOGIN}::A last one",
]


def collected(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["features/"], ORDER),
        (["features"], ORDER),
        (["features/core"], ORDER[1:]),
        ([LOGIN], ORDER[4:]),
        ([f"{LOGIN}::Zero is less"], ORDER[5:6]),
        (["features/", "-m", "login"], ORDER[4:]),
        (["features/", "-m", "CORE-005"], ORDER[2:4]),
        (["features/", "-m", "core and sso"], ORDER[5:6]),
        (["features/", "-m", "core and not login"], ORDER[1:4]),
        (["features/", "-k", "signs or object"], [ORDER[1], ORDER[4]]),
        (["."], ["tests/test_plain.py::test_plain", *ORDER]),
        (["tests"], ["tests/test_plain.py::test_plain"]),
    ],
    ids=lambda value: " ".join(value) if value and isinstance(value[0], str) and "::" not in value[0] else None,
)
def test_a_selection_is_collected_in_the_order_of_the_graph(project, arguments: list[str], wanted: list[str]) -> None:
    result = project.run("--collect-only", "-q", *arguments)
    assert sorted(collected(result)) == sorted(wanted) if arguments == ["."] else collected(result) == wanted


def test_selecting_a_part_converges_what_it_requires_and_runs_only_it(project) -> None:
    result = project.run("features/", "-m", "login")
    result.assert_outcomes(passed=3, deselected=4)
    assert project.calls == ["converge base", "converge database", "converge login", "close base"]


def test_an_unknown_tag_is_an_error_with_file_line_and_nearest(project) -> None:
    project.write("features/core/other.feature", "@core @logn @CORE-004\nFeature: Other\n\n  @ssso\n  Scenario: It is\n    Then it works\n")
    result = project.run("features/")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [
            "*features/core/other.feature:1: unknown tag @logn (did you mean login?)",
            "*features/core/other.feature:4: unknown tag @ssso (did you mean sso?)",
        ]
    )
    assert project.calls == ["close"]


def test_a_feature_that_cannot_be_parsed_names_its_line(project) -> None:
    project.write(
        "features/core/other.feature", "@core @login @CORE-004\nFeature: Other\n  Scenario: It is\n    Then it works\n    nonsense\n"
    )
    result = project.run("features/core/other.feature")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "other.feature" in result.stdout.str()
    assert "nonsense" in result.stdout.str()


def test_an_unknown_name_in_m_is_a_usage_error_with_the_nearest(project) -> None:
    result = project.run("features/", "-m", "core and logim")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown: logim (did you mean login?)*"])
    assert project.calls == []


def test_every_fault_of_an_inventory_is_told_and_nothing_touched(project) -> None:
    project.write("inventory/local.yaml", "nam: x\ndomain_name: UPPER\ncomponents:\n  logn:\n")
    result = project.run("features/")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*inventory/local.yaml:1: *", "*inventory/local.yaml:2: *", "*inventory/local.yaml:4: *"])
    assert project.calls == []


def test_what_the_machine_lacks_is_a_usage_error_before_anything_is_touched(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_MISSING", "1")
    result = project.run("features/")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*not installed: buildah*", "*only 2 GiB free*", "*apt-get install buildah*"])
    assert project.calls == []
    project.run("features/", "--verify-only").assert_outcomes(passed=7)


def test_what_the_inventory_leaves_out_is_not_selected(project) -> None:
    project.write("inventory/small.yaml", "components:\n  base:\n  objects:\n")
    result = project.run("features/", "--inventory", "inventory/small.yaml")
    result.assert_outcomes(passed=2, deselected=5)


def test_an_optional_component_is_selected_where_it_is_asked_for(project) -> None:
    project.write("features/optional/charts.feature", project.feature("charts", "OPT-001", "optional", "Charts are drawn"))
    plain = project.run("features/", "-m", "charts")
    assert plain.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    plain.stdout.fnmatch_lines(["charts is optional, and the inventory does not list it: pytest features/ -m charts --with charts"])
    project.run("features/").assert_outcomes(passed=7, deselected=1)
    asked = project.run("features/", "-m", "charts", "--with", "charts")
    asked.assert_outcomes(passed=1, deselected=7)
    assert project.calls[-3:] == ["converge base", "converge charts", "close base"]


def test_what_cannot_be_added_is_refused_before_anything_is_touched(project) -> None:
    result = project.run("features/", "--with", "chart,objects")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown component 'chart', did you mean 'charts'?*", "*objects is not optional*"])
    assert project.calls == []


def test_plain_tests_read_no_inventory(project) -> None:
    project.write("inventory/local.yaml", "nonsense: true\n")
    project.run("tests").assert_outcomes(passed=1)


def test_examples_are_collected_one_by_one(project) -> None:
    project.write(
        "features/core/other.feature",
        """
        @core @login @CORE-004
        Feature: Other
          Scenario Outline: "<name>" stands
            Given "<name>" is converged
            Then it works

            Examples:
              | name     |
              | base     |
              | database |
        """,
    )
    result = project.run("features/core/other.feature")
    result.assert_outcomes(passed=2)
