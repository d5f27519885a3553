"""Loads the steps: every file of steps/ is a plugin, so that its asserts are rewritten and its definitions are seen everywhere."""

from __future__ import annotations

import pytest


def load(config: pytest.Config) -> None:
    """Import them all."""
    pytest.register_assert_rewrite("steps")  # also of those that another one imports before their turn
    folder = config.rootpath / "steps"
    places = [file.relative_to(folder).with_suffix("").parts for file in folder.rglob("*.py")]
    for parts in sorted(places, key=lambda parts: (len(parts), parts)):
        if parts[-1] != "__init__":
            config.pluginmanager.import_plugin(".".join(("steps", *parts)))
