"""Components as an inventory knows them: ``needed("storage", is_optional=True)`` requires the storage."""

from typing import NamedTuple


class Needed(NamedTuple):
    """What an inventory asks a component."""

    requires: tuple[str, ...] = ()
    is_optional: bool = False


def needed(*requires: str, is_optional: bool = False) -> Needed:
    """A component that requires these."""
    return Needed(requires, is_optional)
