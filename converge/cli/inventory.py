"""`thinkube inventory`: check a file, print the schema that editors use."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from converge.commands import INVENTORY, WITH, WITH_HELP, asked

if TYPE_CHECKING:
    from converge.components.component import Component
    from converge.engine.platform import Platform
    from converge.inventory.model import Inventory

DEFAULT = Path(INVENTORY)


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group and its commands."""
    group = subparsers.add_parser("inventory", help="check an inventory, print its schema")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = commands.add_parser("check", help="say whether an inventory is valid, or everything that is wrong with it")
    check.add_argument("file", nargs="?", type=Path, default=DEFAULT, metavar="FILE", help=f"default: {DEFAULT}")
    check.add_argument(
        "--elsewhere", action="store_true", help="for another machine: do not look for the files and variables that it names"
    )
    check.add_argument("--live", action="store_true", help="also ask the machines or the cluster that it names; nothing is changed there")
    check.set_defaults(handler=_check)
    schema = commands.add_parser("schema", help="print the JSON Schema of inventories")
    schema.set_defaults(handler=_schema)


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--inventory FILE``, ``--with NAME`` and ``--cluster-name NAME`` to a command that works on one; read them with `chosen`."""
    parser.add_argument("--inventory", type=Path, default=DEFAULT, metavar="FILE", help=f"default: {DEFAULT}")
    parser.add_argument(WITH, dest="added", action="append", default=[], metavar="NAME", help=WITH_HELP)
    parser.add_argument("--cluster-name", default="", metavar="NAME", help="another name than the inventory's, as pytest's --cluster-name")


def chosen(arguments: argparse.Namespace) -> Inventory:
    """The inventory that ``--inventory`` names, checked, with what ``--with`` adds, for the cluster that ``--cluster-name`` names."""
    from converge.inventory.addition import added
    from converge.inventory.reading import read

    known = components()
    inventory = read(arguments.inventory, components=known).read_from(str(arguments.inventory))
    inventory = added(inventory, asked(arguments.added), known)
    if not arguments.cluster_name:
        return inventory
    from converge.engine.run import beside

    return beside(inventory, arguments.cluster_name)


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Platform]:
    """The platform of that inventory, for as long as a command works on it; what it does is told on standard error."""
    from converge.engine.platform import Platform
    from converge.progress import Lines

    platform = Platform(chosen(arguments), progress=Lines(sys.stderr))
    try:
        yield platform
    finally:
        platform.close({}, 0)


def components() -> Mapping[str, Component]:
    """Every component that there is."""
    from converge.components import known
    from converge.inventory import Inventory

    return known(Inventory())


def _check(arguments: argparse.Namespace) -> int:
    from converge.inventory.reading import examine

    known = components()
    reading = examine(arguments.file, components=known, check_files=not arguments.elsewhere)
    for warning in reading.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"valid: {_nodes(reading.inventory)}, {_count(len(reading.inventory.enabled(known)), 'component')}")
    return _ask(reading.inventory) if arguments.live else 0


def _ask(inventory: Inventory) -> int:
    """What the cluster that exists lacks, as a table; for nodes that are made, whether their machines can become any."""
    from converge.engine.platform import Platform
    from converge.engine.survey import Verdict, survey
    from converge.reporting.columns import columns

    platform = Platform(inventory)
    try:
        if inventory.nodes.kind != "existing":
            platform.provider.check()
            return 0
        found = survey(platform, inventory.nodes)
    finally:
        platform.close({}, 0)
    print("\n".join(columns([(one.verdict, one.subject, one.seen, one.wanted) for one in found])))
    return 4 if any(one.verdict is Verdict.LACKING for one in found) else 0


def _schema(_: argparse.Namespace) -> int:
    from converge.inventory.schema import schema

    print(schema(), end="")
    return 0


def _nodes(inventory: Inventory) -> str:
    match inventory.nodes.kind:
        case "embedded":
            return _count(1 + inventory.nodes.workers, "node")
        case "hosts" | "microk8s":
            return _count(len(inventory.nodes.hosts), "node")
        case "existing":
            return "the nodes of an existing cluster"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
