"""No test compares a clock with a constant: it would say how busy the machine was. Times are measured in benchmarks/."""

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
    """The comparisons of a clock, or of a difference of two, with a number or a named constant."""
    return [ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Compare) and _is_timed(node)]


def _is_timed(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    return any(map(_asks_clock, sides)) and any(map(_is_constant, sides))


def _asks_clock(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Call) and _name(part.func) in CLOCKS for part in ast.walk(node))


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    return isinstance(node, ast.Name) and node.id.isupper() and node.id not in GUARDS


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def files() -> Iterator[Path]:
    yield from sorted(TESTS.rglob("*.py"))


@pytest.mark.parametrize("file", [pytest.param(file, id=str(file.relative_to(TESTS))) for file in files()])
def test_no_clock_is_compared_with_a_constant(file: Path) -> None:
    assert timed(file.read_text(encoding="utf-8")) == [], "count, or order events; measure in benchmarks/"


@pytest.mark.parametrize(
    "source",
    ["time.monotonic() - began < 1", "0.5 < time.monotonic() - began < 3", "process_time() - began < BUDGET_S", "time.time() > 5.0"],
)
def test_such_a_comparison_is_found(source: str) -> None:
    assert timed(f"assert {source}") == [source]


@pytest.mark.parametrize(
    "source", ["time.monotonic() - began < HANG_S", "time.monotonic() < deadline", "len(calls) < 3", "clock.now - began == 3"]
)
def test_a_guard_and_a_virtual_clock_may_be_compared(source: str) -> None:
    assert timed(f"assert {source}") == []
