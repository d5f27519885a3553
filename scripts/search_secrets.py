#!/usr/bin/env python3
"""Run a command, then search everything that it left behind for the values of the platform's Secrets.

scripts/search_secrets.py --inventory inventory/local.yaml -- pytest features/

Searched are the command's output, the report folder, every command line that was seen while it ran, the cluster's audit log and
its logs. The exit status is the command's own, or 1 where a value was found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from converge.acceptance import leaks
from converge.cli.inventory import components
from converge.engine.platform import Platform
from converge.inventory.reading import read
from converge.places import state_folder


def main() -> int:
    """Run, search, tell."""
    parser = argparse.ArgumentParser(description="Search what a run leaves behind for secrets.")
    parser.add_argument("--inventory", type=Path, default=Path("inventory/local.yaml"))
    parser.add_argument("--report-dir", type=Path, default=Path("build/acceptance"))
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    platform = Platform(read(arguments.inventory, components=components()))
    values = leaks.canaries(platform.api) if platform.find_cluster() else {}
    with tempfile.TemporaryDirectory() as folder, leaks.ProcessList() as processes:
        output = Path(folder) / "output"
        status = _run(arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command, output)
        console = output.read_text("utf-8", "replace")
    values = {f"{name} (before)": value for name, value in values.items()} | leaks.canaries(platform.api)
    places = [("the command's output", console), *processes.texts(), *leaks.texts([arguments.report_dir, *_logs(platform)])]
    found = leaks.leaks(values, places)
    size_mib = sum(len(text) for _, text in places) / 2**20
    print(f"\n{len(values)} secret values, {len(places)} texts, {size_mib:.1f} MiB: " + (f"{len(found)} found" if found else "none found"))
    print("\n".join(found), end="\n" if found else "")
    return status or bool(found)


def _run(command: list[str], output: Path) -> int:
    with (
        output.open("w", encoding="utf-8") as file,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run,
    ):
        for line in run.stdout or ():
            print(line, end="", flush=True)  # a pipe shows the run while it runs
            file.write(line)
    return run.returncode


def _logs(platform: Platform) -> list[Path]:
    """The audit log and whatever is called a log in the cluster's folder; what etcd keeps is meant to hold secrets."""
    folder = state_folder() / platform.inventory.name
    audit = getattr(platform.cluster(), "audit_log", None)
    return [*([audit] if audit else []), *(path for path in folder.rglob("*.log*") if path.is_file() and "etcd" not in path.parts)]


if __name__ == "__main__":
    sys.exit(main())
