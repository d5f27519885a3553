"""`thinkube status`: what the last runs did to each component, as the cluster's own record says."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    from converge.cli.inventory import add_option

    parser = subparsers.add_parser("status", help="list the components, with what came of them when they were last changed")
    add_option(parser)
    parser.set_defaults(handler=_status)


def _status(arguments: argparse.Namespace) -> int:
    from converge.cli.inventory import chosen
    from converge.engine.platform import Platform
    from converge.engine.record import NAME
    from converge.kubernetes.objects import SYSTEM_NAMESPACE
    from converge.reporting.columns import columns

    platform = Platform(chosen(arguments))
    cluster = platform.cluster()
    print(f"cluster {platform.inventory.name}: {', '.join(node.name for node in cluster.nodes)}")
    record = (platform.api.find("ConfigMap", NAME, SYSTEM_NAMESPACE) or {}).get("data") or {}
    entries = {name: _entry(record, name) for name in platform.components}
    print("\n".join(columns([_row(name, entry) for name, entry in entries.items()])))
    for name, entry in entries.items():
        for lost in entry.get("lost") or ():
            print(f"{name}: data lost: {lost}")
    for name, reason in platform.unavailable.items():
        print(f"{name}: unavailable: {reason}")
    for name, component in platform.components.items():
        for remark in component.remarks(platform.read_only_access):
            print(f"{name}: {remark}")
    return 0


def _entry(record: Mapping[str, str], name: str) -> dict[str, Any]:
    """What the record says of a component; nothing where a person's edit left no JSON."""
    try:
        entry = json.loads(record.get(name, "{}"))
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _row(name: str, entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    if not entry:
        return name, "never changed", "", ""
    return name, str(entry.get("result", "?")), ago(str(entry.get("started", ""))), f"{entry.get('written', '?')} written"


def ago(stamp: str, now: datetime | None = None) -> str:
    """``3 h ago`` for ``2026-11-23T18:08:00Z`` at 21:08."""
    try:
        started = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    seconds = max(0, int(((now or datetime.now(UTC)) - started).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
