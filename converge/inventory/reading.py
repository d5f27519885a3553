"""Read an inventory: every fault at once with file and line, or a finished model."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from converge.errors import Fault, InventoryFaults
from converge.inventory.checks import cross_checks, warnings
from converge.inventory.document import Document, load
from converge.inventory.faults import choose_kinds, found, nearest, without_echoes
from converge.inventory.model import Inventory, Known
from converge.inventory.values import Validation


@dataclass(frozen=True)
class Reading:
    """An inventory together with what is allowed in it but seldom meant."""

    inventory: Inventory
    warnings: tuple[Fault, ...]


def read(
    path: Path,
    *,
    components: Mapping[str, Known] | None = None,
    variables: Mapping[str, str] = os.environ,
    check_files: bool = True,
) -> Inventory:
    """Read an inventory; relative paths in it start at its folder, ``~`` is the home folder.

    ``components`` are all that there are, by name; without them names are not checked.
    ``check_files=False`` leaves unchecked whether files exist and variables are set, for inventories of another machine.

    Raises:
        InventoryFaults: everything that is wrong, in the order of the lines.
    """
    return examine(path, components=components, variables=variables, check_files=check_files).inventory


def examine(
    path: Path,
    *,
    components: Mapping[str, Known] | None = None,
    variables: Mapping[str, str] = os.environ,
    check_files: bool = True,
) -> Reading:
    """As `read`, with the warnings."""
    shown = _shown(path)
    if (unreadable := _unreadable(path)) is not None:
        raise InventoryFaults([Fault(shown, 0, unreadable)])
    try:
        document = load(path)
    except OSError as error:
        raise InventoryFaults([Fault(shown, 0, f"cannot be read: {error.strerror}")]) from error
    inventory = None
    if document.data is not None:
        inventory = _validate(document, Validation(path.absolute().parent, variables, check_files))
        document.faults += [(document.line(where), text) for where, text in cross_checks(document, components)]
    if document.faults or inventory is None:
        raise InventoryFaults([Fault(shown, line, text) for line, text in sorted(set(document.faults))])
    return Reading(inventory, tuple(Fault(shown, document.line(where), text) for where, text in warnings(document)))


def _validate(document: Document, validation: Validation) -> Inventory | None:
    """The model, or None and the document's faults say why."""
    faults = list(choose_kinds(Inventory, document))
    inventory = None
    try:
        # As JSON, strictly: lists become tuples and text becomes paths, but "2" and true do not become numbers.
        inventory = Inventory.model_validate_json(json.dumps(document.data), strict=True, context=validation)
    except ValidationError as error:
        # A list whose entries are all faulty counts as empty for pydantic; the entries' own faults say enough.
        details = [detail for detail in error.errors(include_url=False) if detail["type"] != "too_short" or not detail["input"]]
        faults += [found(Inventory, detail, document) for detail in details]
    document.faults += [(document.line(where), text) for where, text in without_echoes(faults)]
    return inventory


def _shown(path: Path) -> str:
    """The path as a person would type it from here."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def _unreadable(path: Path) -> str | None:
    if os.path.isfile(path):  # noqa: PTH113 - where Path raises, because the name is too long, there is no file
        return None
    folder = path if os.path.isdir(path) else path.parent  # noqa: PTH112
    names = sorted(file.name for file in folder.glob("*.y*ml")) if folder.is_dir() else []
    what = "is a folder" if folder is path else "is no regular file" if os.path.exists(path) else "does not exist"  # noqa: PTH110
    beside = f"; inventories {'in it' if folder is path else 'beside it'}: {', '.join(names)}" if names else ""
    return what + (nearest(path.name, names) if folder is not path else "") + beside
