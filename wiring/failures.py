"""Gives every failure of a scenario one shape: what was wanted, what was seen, the likely cause, and what to type next."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from converge.commands import INVENTORY
from converge.errors import ThinkubeError
from converge.redaction import redact
from converge.reporting.results import Failure

FAILURE: pytest.StashKey[Failure] = pytest.StashKey()
"""Why a scenario failed, where it was not an error of our own family."""
_LINES = 12
_WIDTH = 400
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OUTSIDE = {"setup": "what the scenario needs before its first step", "teardown": "what the scenario made is removed"}
_PHRASES = "grep -rhE '^@(given|when|then)' steps/"
_BROKE = "{place} broke: a fault of the harness, unless a product answered in another form than expected"


def shaped(item: pytest.Item, error: pytest.ExceptionInfo[BaseException], report: pytest.TestReport, step: str) -> Any:
    """What pytest shows of an exception that is not of our own family; the traceback comes first, where it was asked for.

    ``step`` is what ran: ``Then one is two  (login.feature:7)``.
    """
    from _pytest._code.code import ExceptionChainRepr, ReprFileLocation, ReprTracebackNative

    phase = report.when
    wanted = step if phase == "call" and step else _OUTSIDE.get(phase, item.name)
    seen, cause = _seen(error.value), _cause(item, error)
    is_undefined = type(error.value).__name__ == "StepDefinitionNotFoundError"
    told = ThinkubeError(wanted, seen=seen, cause=cause, next_command=_PHRASES if is_undefined else again(item))
    text = redact(str(told))
    item.stash[FAILURE] = Failure(
        text, wanted.partition("  (")[0], seen, cause, told.next_command, phase=phase, traceback=redact(report.longreprtext)
    )
    crash = getattr(report.longrepr, "reprcrash", None) or ReprFileLocation(item.nodeid, 0, seen)
    crash.message = seen
    chain: list[Any] = [(ReprTracebackNative([f"{text}\n"]), crash, None)]
    if _wants_traceback(item.config) and isinstance(report.longrepr, ExceptionChainRepr):
        chain = [*report.longrepr.chain[:-1], (*report.longrepr.chain[-1][:2], ""), *chain]
    return ExceptionChainRepr(chain)


def again(item: pytest.Item) -> str:
    """The command that runs one scenario again and says more of it: ``pytest 'features/core/login.feature::A person signs in' -v``."""
    config = item.config
    path, _, name = item.nodeid.partition("::")
    words = [_pytest(), f"{os.path.relpath(config.rootpath / path, config.invocation_params.dir)}::{name}"]
    chosen = {"--inventory": config.option.inventory, "--with": ",".join(config.option.added), "--cluster-name": config.option.cluster_name}
    words += [word for option, value in chosen.items() if value and value != INVENTORY for word in (option, value)]
    words += ["--verify-only"] if config.option.verify_only else []
    return shlex.join([*words, "-vv" if config.option.verbose > 0 else "-v"])


def _seen(error: BaseException) -> str:
    """``assert 1 == 2``, ``KeyError: 'name'``: its first lines, each of a length that can be read."""
    text = redact(_COLOUR.sub("", str(error))).strip()
    name = type(error).__name__
    if not isinstance(error, AssertionError):
        text = f"{name}: {text}" if text else name
    lines = [line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…" for line in text.splitlines() if line.strip()]
    return "\n".join([*lines[:_LINES], *(["…"] if len(lines) > _LINES else [])]) or "it is not so"


def _cause(item: pytest.Item, error: pytest.ExceptionInfo[BaseException]) -> str:
    """Whose fault it is, where its kind says so."""
    from pytest_bdd.exceptions import StepDefinitionNotFoundError

    if isinstance(error.value, StepDefinitionNotFoundError):
        return "no function in steps/ has this phrase; next lists those that have one"
    if type(error.value).__module__.startswith("playwright."):
        return "the page did not show in time what the step looks for" if type(error.value).__name__ == "TimeoutError" else ""
    if isinstance(error.value, (AssertionError, OSError)):  # requests' own are OSErrors
        return ""
    last = error.traceback[-1]
    path = Path(str(last.path))
    place = path.relative_to(item.config.rootpath) if path.is_relative_to(item.config.rootpath) else path.name
    return _BROKE.format(place=f"{place}:{last.lineno + 1}")


def _wants_traceback(config: pytest.Config) -> bool:
    option = config.option
    return option.verbose > 0 or option.fulltrace or option.showlocals or option.tbstyle in ("long", "short", "native")


def _pytest() -> str:
    """How this pytest is called from here: by its name where the shell finds it."""
    own = Path(sys.executable).with_name("pytest")
    found = shutil.which("pytest")
    if not own.exists() or (found and Path(found).samefile(own)):
        return "pytest"
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)
