"""`thinkube rollback`: take a component back, in reverse order, keeping its data unless it is purged."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from converge.engine.rollback import RollbackPlan


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    from converge.cli.inventory import add_option

    parser = subparsers.add_parser("rollback", help="remove what converging a component made; its data stays unless it is purged")
    parser.add_argument("name", metavar="NAME", help="the component")
    parser.add_argument(
        "--purge", action="store_true", help="destroy its data as well: volumes, databases, clients, buckets, generated Secrets"
    )
    parser.add_argument("--with-dependants", action="store_true", help="roll back what requires it as well, first")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_option(parser)
    parser.set_defaults(handler=_rollback)


def _rollback(arguments: argparse.Namespace) -> int:
    from converge.cli.inventory import chosen
    from converge.engine.outcome import Result
    from converge.engine.platform import Platform
    from converge.engine.rollback import Rollback
    from converge.progress import Lines

    platform = Platform(chosen(arguments), progress=Lines(sys.stderr))
    rollback = Rollback(platform, arguments.name, purge=arguments.purge, with_dependants=arguments.with_dependants)
    plan = rollback.plan()
    print("\n".join(described(plan)))
    if not any(plan):
        return 0
    if not arguments.yes and (status := _asked(plan)):
        return status
    started_at = time.time()
    outcomes = {}
    try:
        for outcome in rollback.run():
            outcomes[outcome.component] = outcome
    finally:
        platform.close(outcomes, started_at)
    for outcome in outcomes.values():
        print(f"{outcome.component}: {outcome.result}, {len(outcome.changes)} removed, {outcome.seconds:.0f} s")
    failed = [outcome for outcome in outcomes.values() if outcome.result is Result.FAILED]
    for outcome in failed:
        print(f"{outcome.component} is not rolled back; run the same command again\n{outcome.text}", file=sys.stderr)
    return 1 if failed else 0


def described(plan: Sequence[RollbackPlan]) -> Iterator[str]:
    """The plan for people, a line a thing."""
    for one in plan:
        yield one.component if one else f"{one.component}: nothing to remove"
        yield from _rows("removes", one.removes)
        yield from _rows("DESTROYS", one.destroys)
        yield from _rows("stays", one.stays)


def _rows(label: str, texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield f"  {label:<8}  {text}"
        label = ""


def _asked(plan: Sequence[RollbackPlan]) -> int:
    """0 where a person agrees."""
    destroyed = sum(len(one.destroys) for one in plan)
    loss = f" and destroy the data named above ({destroyed} things, for good)" if destroyed else ""
    question = f"roll back {', '.join(one.component for one in plan if one)}{loss}?"
    if not sys.stdin.isatty():
        print(f"{question} Say --yes", file=sys.stderr)
        return 4
    return 0 if input(f"{question} [y/N] ").strip().lower() in ("y", "yes") else 1
