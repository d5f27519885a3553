"""Keepsakes: how a user leaves something behind in a component, one file a component, and how it is found again.

The standard promises (features/platform/standard.feature) take each through what may happen to its component. Where the component keeps
nothing (it says why), its keepsake is how a user sees that it serves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Check = Callable[[], None]
"""Finds again what was left, or sees that the component serves; fails with an assertion."""


def keepsake(component: str) -> Callable[[Callable[..., Any]], object]:
    """A fixture that leaves something behind in a component, gives its `Check`, and clears it away at the end of the scenario."""
    return pytest.fixture(name=name_of(component))


def name_of(component: str) -> str:
    """What the component's fixture is called."""
    return f"keepsake_{component}"
