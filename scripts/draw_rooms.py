#!/usr/bin/env python3
"""Draw the rooms, and what the engine consists of, into docs/architecture.md from the imports; ``--check`` only looks."""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
TREES = ("converge", "steps", "wiring")
ENGINE = "converge.engine"
FOLDER = ROOT / "converge" / "engine"
Arrows = dict[str, set[str]]


def drawn(text: str, pictures: Mapping[str, str]) -> str:
    """The page with its pictures, each between ``<!-- drawn: NAME -->`` and ``<!-- end -->``."""
    for name, picture in pictures.items():
        before, begin, rest = text.partition(f"<!-- drawn: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not end:
            raise SystemExit(f"{PAGE.name} has no place for the picture {name}")
        text = f"{before}{begin}{picture}{end}{after}"
    return text


def pictures() -> dict[str, str]:
    """The pictures as Mermaid text, by name."""
    graph = grimp.build_graph(*TREES, cache_dir=None)
    rooms: Arrows = {}
    engine: Arrows = {}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            _add(rooms, _room(graph, module), _room(graph, imported))
            if module.startswith(f"{ENGINE}.") and imported.startswith(f"{ENGINE}."):
                _add(engine, module.removeprefix(f"{ENGINE}."), imported.removeprefix(f"{ENGINE}."))
    return {"rooms": mermaid(rooms, _purposes(rooms, ROOT, "/__init__.py")), "engine": mermaid(engine, _purposes(engine, FOLDER, ".py"))}


def mermaid(arrows: Arrows, names: Mapping[str, str]) -> str:
    """A flow chart from top to bottom; an arrow that follows from others is left out."""
    lines = ["```mermaid", "flowchart TD"]
    for node in sorted(names):
        lines.append(f'    {_id(node)}["<b>{node.replace(".", "/")}</b><br>{names[node]}"]')
    lines += [f"    {_id(above)} --> {_id(below)}" for above in sorted(arrows) for below in sorted(_direct(arrows, above))]
    return "\n".join([*lines, "```", ""])


def purpose(path: Path) -> str:
    """What a file says of itself in its docstring, up to the first colon, semicolon or full stop, as Mermaid takes it."""
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
    return re.split(r"[:;.]( |$)", first)[0].replace('"', "'").replace("`", "")


def _direct(arrows: Arrows, above: str) -> set[str]:
    """Those that are not reached by way of another one too; there are no circles."""
    return {below for below in arrows[above] if not any(below in _all_below(arrows, other) for other in arrows[above] - {below})}


def _all_below(arrows: Arrows, above: str) -> set[str]:
    found: set[str] = set()
    waiting = list(arrows.get(above, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += arrows.get(one, ())
    return found


def _room(graph: grimp.ImportGraph, module: str) -> str:
    """``converge.engine`` of ``converge.engine.graph``; "" of what lies directly in converge/: every room has it, so it is not drawn."""
    tree, *rest = module.split(".")
    if tree != "converge":
        return tree
    room = ".".join((tree, *rest[:1]))
    return room if rest and graph.find_children(room) else ""


def _add(arrows: Arrows, above: str, below: str) -> None:
    if above and below and above != below:
        arrows.setdefault(above, set()).add(below)


def _purposes(arrows: Arrows, folder: Path, ending: str) -> dict[str, str]:
    return {node: purpose(folder / f"{node.replace('.', '/')}{ending}") for node in set(arrows).union(*arrows.values())}


def _id(node: str) -> str:
    """Not the bare name: ``graph`` is a word of Mermaid's."""
    return f"at_{node.replace('.', '_')}"


def main() -> int:
    """Write the page, or say that it is stale."""
    parser = argparse.ArgumentParser(description="Draw the rooms and their arrows into docs/architecture.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the picture is stale")
    arguments = parser.parse_args()
    before = PAGE.read_text(encoding="utf-8")
    after = drawn(before, pictures())
    if before == after:
        return 0
    if arguments.check:
        print(f"{PAGE.relative_to(ROOT)} is stale; run: make picture", file=sys.stderr)
        return 1
    PAGE.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
