#!/usr/bin/env python3
"""Tick or untick one task of START_HERE.md: ``scripts/update_task_status.py LINE complete|pending``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from converge.errors import Refused
from converge.reporting import tasks

DEFAULT = Path(__file__).resolve().parents[1] / "START_HERE.md"


def main() -> int:
    """Change the line, and say what it is now."""
    parser = argparse.ArgumentParser(description="Tick or untick one task.")
    parser.add_argument("line", type=int, help="the task's line number")
    parser.add_argument("status", choices=sorted(tasks.MARKS))
    parser.add_argument("--file", type=Path, default=DEFAULT, help="default: START_HERE.md")
    arguments = parser.parse_args()
    try:
        text = tasks.read(arguments.file)
        changed = tasks.with_status(text, arguments.line, complete=arguments.status == "complete")
        if changed != text:
            tasks.write(arguments.file, changed)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"{arguments.file.name}:{arguments.line}: {changed.split(chr(10))[arguments.line - 1].strip()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
