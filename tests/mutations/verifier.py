"""Runs pytest again and again, each time in a process of its own that need not import everything anew.

Reads one request a line, ``{"arguments": ["features/…", "--verify-only"], "log": "/tmp/…"}``, and answers with the exit status.
Steps are left to the runs themselves: pytest rewrites their asserts when it imports them.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys

import pytest


def _preload() -> None:
    import converge

    for module in pkgutil.walk_packages(converge.__path__, "converge."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("pytest_bdd", "requests", "kubernetes.client", "kubernetes.config", "minio", "jinja2", "bs4", "jwt", "yaml", "xml.sax"):
        importlib.import_module(name)


def _run(arguments: list[str], log: str) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    status = 70
    try:
        status = int(pytest.main(arguments))
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    _preload()
    for line in sys.stdin:
        request = json.loads(line)
        sys.stdout.write(f"{_run(request['arguments'], request['log'])}\n")
        sys.stdout.flush()
