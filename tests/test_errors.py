"""Every failure says what to type next: where it is raised, or by its class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import converge
from converge.errors import NotReady, ThinkubeError

ROOT = Path(converge.__file__).parent

WITHOUT = {
    "Unavailable": "nothing is wrong: the inventory says that it cannot be",
    "Blocked": "its cause is reported, with what to type",
    "InventoryFaults": "each fault names file, line and what to write there",
}
"""Whose text has no next command, and why."""


@cache
def _nodes() -> list[tuple[Path, ast.AST]]:
    """Every class and every call of the harness, with its file."""
    trees = {path.relative_to(ROOT.parent): ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}
    return [(path, node) for path, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.Call)]


@cache
def _family() -> dict[str, ast.ClassDef | None]:
    """The classes of the error family by name."""
    family: dict[str, ast.ClassDef | None] = {"ThinkubeError": None}
    classes = [node for _, node in _nodes() if isinstance(node, ast.ClassDef)]
    while new := [one for one in classes if one.name not in family and any(_name(base) in family for base in one.bases)]:
        family |= {one.name: one for one in new}
    return family


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _has_a_usual_next(name: str) -> bool:
    """Whether a class, or one that it comes from, says what to type, or hands it on whenever one is made."""
    node = _family().get(name)
    if node is None:
        return False
    says = any(isinstance(part, ast.Assign) and _name(part.targets[0]) == "usual_next" for part in node.body)
    hands_on = any(isinstance(call, ast.Call) and _is_init(call.func) and _says_next(call) for call in ast.walk(node))
    return says or hands_on or any(_has_a_usual_next(_name(base)) for base in node.bases)


def _is_init(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and func.attr == "__init__"


def _says_next(call: ast.Call) -> bool:
    """With ``next_command=``, or a mapping that may hold it."""
    return any(keyword.arg in ("next_command", None) for keyword in call.keywords)


def _silent() -> Iterator[str]:
    for path, node in _nodes():
        if not isinstance(node, ast.Call) or (name := _name(node.func)) not in _family() or name in WITHOUT:
            continue
        if not _says_next(node) and not _has_a_usual_next(name):
            yield f"{path}:{node.lineno}: {ast.unparse(node)}"


def test_every_failure_says_what_to_type_next() -> None:
    assert list(_silent()) == []


def test_the_family_is_found() -> None:
    assert {"Refused", "NotReady", "ExecFailed", "LoginRefused", "UnknownKind"} <= _family().keys()


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_who_needs_no_command_still_exists(name: str) -> None:
    assert name in _family()


def test_what_is_said_where_it_happens_counts_more() -> None:
    assert "thinkube status" in str(NotReady("x"))
    assert str(NotReady("x", next_command="kubectl get x")).endswith("next:   kubectl get x")
    assert "next" not in str(ThinkubeError("x"))
