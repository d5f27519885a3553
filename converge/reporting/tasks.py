"""START_HERE.md: its tasks, a line each, ticked by what has been proven."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from converge.errors import Refused

_TASK = re.compile(r"^(?P<before>\s*[-*+] \[)(?P<mark>[ xX])(?P<after>\] .*)$")
_FEATURE = re.compile(r"`(features/[^`\s]+\.feature)`")
MARKS = {"complete": "x", "pending": " "}


@dataclass(frozen=True)
class Task:
    """A line with a box, and the features that prove it: ``- [ ] CORE-006 MinIO: `features/core/minio.feature```; lines count from 1."""

    line: int
    text: str
    is_complete: bool
    features: tuple[str, ...] = ()


def tasks(text: str) -> list[Task]:
    """Every task of a text; what stands in a code block is none."""
    found = []
    is_code = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(("```", "~~~")):
            is_code = not is_code
        if not is_code and (match := _TASK.match(line.rstrip("\r"))):
            features = tuple(_FEATURE.findall(line))
            found.append(Task(number, match["after"].removeprefix("] "), match["mark"] != " ", features))
    return found


def with_status(text: str, line: int, *, complete: bool) -> str:
    """The text with the box of one line ticked or not; nothing else changes.

    Raises:
        Refused: the line is no task; the nearest one is named.
    """
    known = tasks(text)
    if not any(task.line == line for task in known):
        near = min(known, key=lambda task: (abs(task.line - line), task.line), default=None)
        cause = f"the nearest is line {near.line}: {near.text}" if near else "there are none"
        raise Refused(f"a task on line {line}", seen=_shown(text, line), cause=cause, next_command="pytest features/ --update-status")
    lines = text.split("\n")
    lines[line - 1] = _TASK.sub(lambda match: match["before"] + ("x" if complete else " ") + match["after"], lines[line - 1], count=1)
    return "\n".join(lines)


def with_proofs(text: str, proofs: Mapping[str, bool]) -> tuple[str, list[str]]:
    """The text with each task ticked whose features are all proven and unticked where one is not, and the lines that changed, in words.

    ``proofs`` holds the features that ran: ``{"features/core/keycloak.feature": True}``; a task of which some did not run, and none of
    the others failed, stays as it is.
    """
    changed = []
    for task in tasks(text):
        known = [proofs.get(feature) for feature in task.features]
        is_proven = False if False in known else True if known and all(known) else task.is_complete
        if is_proven is not task.is_complete:
            text = with_status(text, task.line, complete=is_proven)
            changed.append(f"line {task.line}: {'complete' if is_proven else 'pending'}: {task.text}")
    return text, changed


def read(file: Path) -> str:
    """The file's text, its line endings as they are.

    Raises:
        Refused: it cannot be read.
    """
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"the task list {file}", seen=str(error), next_command=f"ls -l {file}") from error


def write(file: Path, text: str) -> None:
    """Replace the file in one step: whoever reads it, or a power loss, finds the old text or the new one, never a part."""
    file = file.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(file.stat().st_mode & 0o7777)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _shown(text: str, line: int) -> str:
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return f"the file has {len(lines)} lines"
    return lines[line - 1].strip() or "an empty line"
