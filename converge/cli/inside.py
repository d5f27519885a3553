"""`thinkube inside`: converge, verify or remove one component from a pod of the platform, and keep the report in object storage."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.inventory import Inventory

FEATURES = ("-m", "pytest", "features/", "-n", "0", "-p", "no:cacheprovider")
CLASSES = ("-o", "platform=converge.engine.inside:PlatformInside", "-o", "operations=converge.engine.inside:OperationsInside")
VERBS = {"deploy": (), "verify": ("--verify-only",)}
"""What is asked of the features beside the component's name; "remove" is no question to them."""

LONGEST_S = 7200.0
"""The longest deadline that an inventory may give a component."""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("inside", help="deploy, verify or remove one component, run by a pod of the platform itself")
    parser.add_argument("verb", choices=[*VERBS, "remove"])
    parser.add_argument("name", metavar="NAME", help="the component")
    parser.set_defaults(handler=_inside)


def _inside(arguments: argparse.Namespace) -> int:
    from converge.engine import inside

    os.environ[inside.COMPONENT] = arguments.name
    inventory = _inventory()
    with tempfile.TemporaryDirectory(prefix="thinkube-report-") as folder:
        report = Path(folder)
        status = _remove(inventory, arguments.name, report) if arguments.verb == "remove" else _run(arguments, report)
        _keep(inventory, f"{arguments.name}/{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{arguments.verb}", report)
    return status


def _inventory() -> Inventory:
    from converge.engine.inside import INVENTORY, told
    from converge.inventory import read

    return read(told(INVENTORY), check_files=False)


def _run(arguments: argparse.Namespace, report: Path) -> int:
    from converge.engine.inside import INVENTORY, told
    from converge.places import source_root
    from converge.process import run

    options = [f"--inventory={told(INVENTORY)}", f"--report-dir={report}", *VERBS[arguments.verb]]
    argv = [sys.executable, *FEATURES, *CLASSES, *options, "-m", arguments.name]
    # The pod's environment is the component's own: it says where the cluster is, and where reports go.
    return run(argv, cwd=source_root(), env=os.environ, on_line=print, expect=range(256), timeout_s=LONGEST_S).code


def _remove(inventory: Inventory, name: str, report: Path) -> int:
    from converge.cli.rollback import described
    from converge.engine.inside import PlatformOfOne, refuse_needed
    from converge.engine.outcome import Result
    from converge.engine.rollback import Rollback
    from converge.progress import Lines

    refuse_needed(inventory, name)
    platform, started_at, outcomes = PlatformOfOne(inventory, progress=Lines(sys.stderr)), time.time(), {}
    rollback = Rollback(platform, name, purge=False, with_dependants=False)
    said = list(described(rollback.plan()))
    try:
        outcomes = {outcome.component: outcome for outcome in rollback.run()}
    finally:
        platform.close(outcomes, started_at)
    said += [f"{outcome.component}: {outcome.result}\n{outcome.text}".rstrip() for outcome in outcomes.values()]
    print("\n".join(said))
    (report / "rollback.txt").write_text("\n".join(said) + "\n", encoding="utf-8")
    return 1 if any(outcome.result is Result.FAILED for outcome in outcomes.values()) else 0


def _keep(inventory: Inventory, place: str, report: Path) -> None:
    """Every file of the report below ``place`` in the bucket that the environment names."""
    from converge.apis.minio import AccessKey, ObjectStore
    from converge.engine.access import ingress_address
    from converge.engine.inside import CA, told
    from converge.http import session

    http = session({inventory.domain_name: ingress_address(inventory)}, lambda: told(CA).read_text(encoding="utf-8"))
    key = AccessKey(os.environ["REPORTS_ACCESS_KEY"], os.environ["REPORTS_SECRET_KEY"])
    store = ObjectStore(http, os.environ["REPORTS_URL"], key)
    for file in sorted(path for path in report.rglob("*") if path.is_file()):
        store.put(os.environ["REPORTS_BUCKET"], f"{place}/{file.relative_to(report)}", file.read_bytes())
    print(f"report: {os.environ['REPORTS_BUCKET']}/{place}/")
