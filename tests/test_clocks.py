"""No test compares a clock, or the time that something took, with a constant: it would say how busy the machine was.

Times are measured in benchmarks/.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CLOCKS = frozenset({"monotonic", "monotonic_ns", "process_time", "process_time_ns", "perf_counter", "perf_counter_ns", "time", "time_ns"})
GUARDS = frozenset({"HANG_S"})
"""Constants that only end what hangs."""


def timed(source: str) -> list[str]:
    """The comparisons of a clock, of a difference of two, or of what was assigned from one, with a number or a named constant."""
    tree = ast.parse(source)
    scopes = [(tree, set()), *((node, _measured(node)) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))]
    found = {node: "" for scope, took in scopes for node in ast.walk(scope) if isinstance(node, ast.Compare) and _is_timed(node, took)}
    return [ast.unparse(node) for node in found]


def _measured(function: ast.FunctionDef) -> set[str]:
    """The names that hold a difference of two times."""
    assigned = [node for node in ast.walk(function) if isinstance(node, ast.Assign) and _measures(node.value)]
    return {name.id for node in assigned for name in node.targets if isinstance(name, ast.Name)}


def _is_timed(node: ast.Compare, took: set[str]) -> bool:
    sides = [node.left, *node.comparators]
    return any(_is_time(side, took) for side in sides) and any(map(_is_constant, sides))


def _is_time(node: ast.expr, took: set[str]) -> bool:
    """Also ``done.seconds``, which is how the faults name what a run took."""
    return any(
        _asks_clock(part)
        or (isinstance(part, ast.Name) and part.id in took)
        or (isinstance(part, ast.Attribute) and part.attr == "seconds")
        for part in ast.walk(node)
    )


def _measures(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and any(map(_asks_clock, ast.walk(part))) for part in ast.walk(node)
    )


def _asks_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in CLOCKS


def _is_constant(node: ast.expr) -> bool:
    """A number, a name in capitals, or what is computed from such."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and node.value != 0
    if isinstance(node, ast.BinOp):
        return _is_constant(node.left) and _is_constant(node.right)
    return isinstance(node, ast.Name) and node.id.isupper() and node.id not in GUARDS


def stopped(source: str) -> list[str]:
    """The clocks that a test replaces for every thread of the process, such as ``"converge.engine.serving.time.sleep"``."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _name(node.func) == "setattr" and node.args]
    named = [node.args[0].value for node in calls if isinstance(node.args[0], ast.Constant)]
    return [name for name in named if isinstance(name, str) and ".time." in name]


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def files() -> Iterator[Path]:
    yield from sorted(TESTS.rglob("*.py"))


@pytest.mark.parametrize("file", [pytest.param(file, id=str(file.relative_to(TESTS))) for file in files()])
def test_no_clock_is_compared_with_a_constant(file: Path) -> None:
    assert timed(file.read_text(encoding="utf-8")) == [], "count, or order events; measure in benchmarks/"


@pytest.mark.parametrize("file", [pytest.param(file, id=str(file.relative_to(TESTS))) for file in files()])
def test_no_clock_is_replaced_for_others_too(file: Path) -> None:
    assert stopped(file.read_text(encoding="utf-8")) == [], "another test's thread may ask it: replace the module's name `time`"


def test_such_a_replacement_is_found() -> None:
    assert stopped('def test():\n    patch.setattr("one.time.sleep", print)\n    patch.setattr("one.time", clock)') == ["one.time.sleep"]


@pytest.mark.parametrize(
    "source",
    [
        "time.monotonic() - began < 1",
        "0.5 < time.monotonic() - began < 3",
        "process_time() - began < BUDGET_S",
        "time.time() > 5.0",
        "waited < DURATION_S + 8",
        "slowest < 15",
        "done.seconds < 10 + 2 * PATIENCE_S",
    ],
)
def test_such_a_comparison_is_found(source: str) -> None:
    measured = "waited = time.monotonic() - died; slowest = max(slowest, time.monotonic() - began)"
    assert timed(f"def test():\n    {measured}\n    assert {source}") == [source]


@pytest.mark.parametrize(
    "source",
    [
        "time.monotonic() - began < HANG_S",
        "time.monotonic() < deadline",
        "len(calls) < 3",
        "clock.now - began == 3",
        "deadline > 3",
        "took.seconds >= 0",
    ],
)
def test_a_guard_and_a_virtual_clock_may_be_compared(source: str) -> None:
    assert timed(f"def test():\n    deadline = time.monotonic() + 5\n    assert {source}") == []
