"""The rooms are as docs/architecture.md says, and no module imports itself by way of others, inside functions or for types alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]


def circles(arrows: dict[str, set[str]]) -> set[str]:
    """The modules that remain when those that import nothing, or that nobody imports, are taken away again and again."""
    left = set(arrows)
    while True:
        imported = {module for importer in left for module in arrows[importer] & left}
        inner = {module for module in left & imported if arrows[module] & left}
        if inner == left:
            return left
        left = inner


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("converge", "steps", "wiring", cache_dir=None)
    assert not circles({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})


def test_a_circle_is_found_whatever_hangs_on_it() -> None:
    arrows = {"above": {"a"}, "a": {"b"}, "b": {"c"}, "c": {"a", "below"}, "below": set()}
    assert circles(arrows) == {"a", "b", "c"}
    assert not circles({**arrows, "c": {"below"}})


def test_the_pictures_show_the_imports_as_they_are() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/draw_rooms.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_file_that_answers_a_question_is_there() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    rows = [line for line in page.splitlines() if re.match(r"\| [^|]+\? \|", line)]
    named = [re.findall(r"`([\w./-]+\.\w+)`", line) for line in rows]
    assert len(rows) == 10
    assert all(named)
    assert [file for files in named for file in files if not (ROOT / file).is_file()] == []
