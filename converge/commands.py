"""What a person types next: our own commands name the inventory that this process works on, where it is not the usual one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

INVENTORY = "inventory/local.yaml"
"""The inventory of a command that names none."""

_CHECK = "thinkube inventory check"
_OWN = re.compile(r"(?<![\w./-])(?:thinkube|pytest)(?: (?!or\b|[(#])[^\s,`]+)+")
"""A command of ours in a text: it ends with its line, before "or", a comma, a bracket or a remark."""
_NAMED = re.compile(rf" --(?:inventory|cluster-name) |{_CHECK} \S")

_inventory, _cluster = "", ""


@contextmanager
def naming(inventory: str, cluster_name: str = "") -> Iterator[None]:
    """Within, `typed` names this inventory, and the cluster where that has a name of its own."""
    global _inventory, _cluster
    before = _inventory, _cluster
    _inventory, _cluster = "" if inventory == INVENTORY else shlex.quote(inventory), shlex.quote(cluster_name) if cluster_name else ""
    try:
        yield
    finally:
        _inventory, _cluster = before


def typed(text: str) -> str:
    """Commands as they have to be typed: ``thinkube status --inventory inventory/test.yaml``; those that name one stay as they are."""
    return "\n".join(line if _NAMED.search(line) else _OWN.sub(_completed, line) for line in text.split("\n"))


def _completed(found: re.Match[str]) -> str:
    command = found[0]
    if _inventory:
        command += f" {_inventory}" if command == _CHECK else f" --inventory {_inventory}"
    return f"{command} --cluster-name {_cluster}" if _cluster and not command.startswith("thinkube inventory") else command
