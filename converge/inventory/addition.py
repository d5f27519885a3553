"""Optional components that somebody asks for beside those of an inventory, without editing it: ``--with mlflow``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from converge.commands import WITH
from converge.errors import ThinkubeError
from converge.inventory.faults import nearest
from converge.inventory.model import Inventory, Known, closure, needs


class BadAddition(ThinkubeError):
    """Somebody asks for a component that cannot be added to an inventory."""

    usual_next = "thinkube inventory check"

    exit_code = 4


def added(inventory: Inventory, names: Iterable[str], known: Mapping[str, Known]) -> Inventory:
    """The inventory with optional components besides; what it says of them, such as the size of a volume, holds.

    Raises:
        BadAddition: a name is no optional component's, or one requires what the inventory leaves out; all of these at once.
    """
    asked_for = list(names)
    faults = [fault for name in asked_for for fault in _faults(inventory, name, known)]
    if faults:
        raise BadAddition(f"{WITH} {','.join(asked_for)} to name optional components", seen="\n".join(faults))
    switched_on = {name: inventory.options(name).model_copy(update={"enabled": True}) for name in asked_for}
    return inventory.model_copy(update={"components": {**inventory.components, **switched_on}})


def _faults(inventory: Inventory, name: str, known: Mapping[str, Known]) -> Iterable[str]:
    optional = [other for other, one in known.items() if one.is_optional]
    if name not in known:
        yield f"unknown component '{name}'{nearest(name, known) or ';'} optional: {', '.join(optional)}"
    elif name not in optional:
        yield f"{name} is not optional: the inventory's `components` say whether it is there; optional: {', '.join(optional)}"
    else:
        left_out = {other for other in inventory.components if not inventory.options(other).enabled}
        lacking = sorted(closure([name], needs(known)) & left_out - {name})
        if lacking:
            yield f"{name} requires {', '.join(lacking)}, which the inventory leaves out"
