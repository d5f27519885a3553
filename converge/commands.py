"""What a person types next: our own commands name the inventory that this process works on, where it is not the usual one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

INVENTORY = "inventory/local.yaml"
"""The inventory of a command that names none."""

WITH = "--with"
WITH_HELP = "an optional component besides, as if the inventory listed it; several: --with mlflow,pgadmin"
"""The option, read with ``action="append"``, that adds to an inventory without editing it; `asked` says what it names."""

_CHECK = "thinkube inventory check"
_OWN = re.compile(r"(?<![\w./-])(?:thinkube|pytest)(?: (?!or\b|[(#])[^\s,`]+)+")
"""A command of ours in a text: it ends with its line, before "or", a comma, a bracket or a remark."""
_NAMED = re.compile(rf" --(?:inventory|cluster-name) |{_CHECK} \S")

_inventory = ""
_options: Mapping[str, str] = {}


@contextmanager
def naming(inventory: str, cluster_name: str = "", added: Sequence[str] = ()) -> Iterator[None]:
    """Within, `typed` names this inventory, what is added to it, and the cluster where that has a name of its own."""
    global _inventory, _options
    before = _inventory, _options
    _inventory = "" if inventory == INVENTORY else shlex.quote(inventory)
    named = {WITH: ",".join(added), "--cluster-name": cluster_name}
    _options = {option: shlex.quote(value) for option, value in named.items() if value}
    try:
        yield
    finally:
        _inventory, _options = before


def asked(words: Iterable[str]) -> tuple[str, ...]:
    """The names that `WITH` was given: ``["mlflow,pgadmin", "mlflow"]`` are ``("mlflow", "pgadmin")``."""
    return tuple(dict.fromkeys(name.strip() for word in words for name in word.split(",") if name.strip()))


def typed(text: str) -> str:
    """Commands as they have to be typed: ``thinkube status --inventory inventory/test.yaml``; those that name one stay as they are."""
    return "\n".join(line if _NAMED.search(line) else _OWN.sub(_completed, line) for line in text.split("\n"))


def _completed(found: re.Match[str]) -> str:
    command = found[0]
    if _inventory:
        command += f" {_inventory}" if command == _CHECK else f" --inventory {_inventory}"
    options = "".join(f" {option} {value}" for option, value in _options.items() if f" {option} " not in command)
    return command if command.startswith("thinkube inventory") else f"{command}{options}"
