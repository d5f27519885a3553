"""No module imports itself by way of others, be it inside functions or for types alone: each can be read, and moved, by itself."""

from __future__ import annotations

import grimp


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
