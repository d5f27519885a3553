"""Writes every report of a run into one folder."""

from __future__ import annotations

import os
from pathlib import Path

from converge.reporting import cucumber, document, history, messages, results
from converge.reporting.results import Results, cleaned

DOCUMENT = "index.html"


def write(run: Results, folder: Path) -> list[Path]:
    """Write the document, Cucumber JSON and Messages, the results and the history; nothing that is written holds a secret.

    Each file is either the old one or the new one, never half of either.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = cleaned(run)
    past = history.read(folder / "history.json").with_run(run)
    files = {
        DOCUMENT: document.as_html(run, past).encode(),
        "cucumber.json": cucumber.as_json(run),
        "messages.ndjson": messages.as_ndjson(run),
        "results.json": results.as_json(run),
        "history.json": history.as_json(past),
    }
    for name, content in files.items():
        replace(folder / name, content)
    return [folder / name for name in files]


def replace(path: Path, content: bytes) -> None:
    """Write a file in one step."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)
