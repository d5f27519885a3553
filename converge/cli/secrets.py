"""`thinkube secrets`: what was generated and who uses it, never a value; new values; and the ways back after somebody changed one."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from converge.cli.inventory import add_option, opened


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group and its commands."""
    group = subparsers.add_parser("secrets", help="list generated Secrets, or give one new values")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="every generated Secret: its keys, its age, who uses it; never a value")
    listing.set_defaults(handler=_list)
    rotate = commands.add_parser("rotate", help="new values, for everything that uses them; the old ones stop working")
    rotate.add_argument("name", metavar="NAMESPACE/NAME", help="which Secret, as `thinkube secrets list` names it")
    rotate.set_defaults(handler=_rotate)
    keep = commands.add_parser("set", help="keep the value that a product was given behind our back; it is tried first")
    keep.add_argument("name", metavar="NAMESPACE/NAME", help="which Secret; the value is read from the terminal or standard input")
    keep.add_argument("key", metavar="KEY", nargs="?", default="", help="which of its keys, where several are generated")
    keep.set_defaults(handler=_set)
    restore = commands.add_parser("restore", help="put a Secret's value back into its product, which was given another one")
    restore.add_argument("name", metavar="NAMESPACE/NAME", help="which Secret")
    restore.set_defaults(handler=_restore)
    for command in (listing, rotate, keep, restore):
        add_option(command)


def _list(arguments: argparse.Namespace) -> int:
    from converge.cli.status import ago
    from converge.kubernetes import secrets
    from converge.reporting.columns import columns

    with opened(arguments) as platform:
        users, every = secrets.users(platform.api), secrets.every(platform.api)
    rows = [("SECRET", "KEYS", "AGE", "USED BY")]
    for found in sorted(every, key=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"])):
        namespace, name = found["metadata"]["namespace"], found["metadata"]["name"]
        used = [
            f"{obj['kind']} {obj['metadata']['name']}"
            for obj, names in users
            if obj["metadata"]["namespace"] == namespace and name in names
        ]
        notes = [note for note in (secrets.note_of(found), ", ".join(used)) if note]
        keys = ", ".join(sorted(found.get("data") or {}))
        rows.append(
            (f"{namespace}/{name}", keys, ago(secrets.since(found), datetime.now(UTC)).removesuffix(" ago"), "; ".join(notes) or "-")
        )
    print("\n".join(columns(rows)))
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from converge.engine.rotation import Rotation

    with opened(arguments) as platform:
        rotation = Rotation(platform, *_names(arguments))
        rotation.run()
    print(f"{arguments.name}: new {', '.join(rotation.keys)}")
    print(f"restarted: {', '.join(map(str, rotation.consumers)) or 'nothing'}")
    print(
        "the new values are accepted, the old ones refused" if rotation.is_tried else "nothing signs in with it, so nothing could be tried"
    )
    return 0


def _set(arguments: argparse.Namespace) -> int:
    from converge.engine.secret_recovery import Adoption

    with opened(arguments) as platform:
        adoption = Adoption(platform, *_names(arguments))
        key = adoption.key(arguments.key)
        adoption.check()
        adoption.run(key, _typed(f"{key} of {arguments.name}: "))
    print(f"{arguments.name}: {key} is accepted, and kept")
    print(f"restarted: {', '.join(map(str, adoption.consumers)) or 'nothing'}")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from converge.engine.secret_recovery import Restoration

    with opened(arguments) as platform:
        restoration = Restoration(platform, *_names(arguments))
        was_other = restoration.run()
    keys = ", ".join(restoration.keys)
    print(f"{arguments.name}: {keys} is accepted again" if was_other else f"{arguments.name}: {keys} was accepted already")
    return 0


def _typed(prompt: str) -> str:
    """A value from the terminal, unseen, or from standard input without the newline at its end; it is shown nowhere from here on."""
    from converge.redaction import REDACTOR

    if sys.stdin is not None and sys.stdin.isatty():
        import getpass

        value = getpass.getpass(prompt)
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r") if sys.stdin is not None else ""
    if value:
        REDACTOR.add(value)
    return value


def _names(arguments: argparse.Namespace) -> tuple[str, str]:
    from converge.errors import Refused

    namespace, slash, name = arguments.name.partition("/")
    if not slash:
        raise Refused("NAMESPACE/NAME of a Secret", seen=arguments.name, next_command="thinkube secrets list")
    return namespace, name
