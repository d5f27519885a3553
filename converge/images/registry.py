"""Run the package registries' own clients: a refusal is final, trouble on the way is tried again."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from converge.errors import Refused, Unreachable
from converge.process import Completed, ProgramFailed, run

PAUSES_S = (1.0, 4.0, 10.0)
"""How long to wait before each further try."""

REFUSALS = re.compile(
    r"\b(401 Unauthorized|403 Forbidden|404 Not Found|410 Gone|400 Bad Request)\b|"
    r"Could not find artifact|No matching distribution found|Unable to locate package|has no installation candidate|"
    r"unknown revision|no matching versions|manifest unknown|name unknown|unauthorized:",
    re.IGNORECASE,
)
TROUBLE = re.compile(
    r"\b(429 Too Many Requests|50[0234] [A-Z])|timed? ?out|timeout|connection (reset|refused)|no such host|Temporary failure|"
    r"could not resolve|unexpected EOF|network is unreachable|TLS handshake|Hash Sum mismatch|server misbehaving|i/o timeout|"
    r"Transfer failed|Failed to fetch|Remote end closed|Read timed out|Could not transfer artifact|Connection broken",
    re.IGNORECASE,
)
MISMATCH = re.compile(
    r"checksum mismatch|SECURITY ERROR|DO NOT MATCH THE HASHES|does not match the digest|Digest did not match", re.IGNORECASE
)


def fetch(
    argv: Sequence[str | Path],
    what: str,
    *,
    stop: threading.Event,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: float = 1800,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program that downloads ``what``, e.g. ``"the Go module github.com/minio/minio"``; ``on_line`` hears each line it says.

    Raises:
        Refused: the registry does not serve it, or serves something else than what is pinned.
        Unreachable: the network or the registry failed every time.
        ProgramFailed: anything else.
    """
    for pause_s in (*PAUSES_S, None):
        try:
            return run(argv, env=env, cwd=cwd, timeout_s=timeout_s, stop=stop, on_line=on_line, builds=True)
        except ProgramFailed as error:
            said = f"{error.completed.stderr}\n{error.completed.stdout}"
            if MISMATCH.search(said):
                raise Refused(
                    what, seen="its hash is not the pinned one", cause=_telling(said, MISMATCH), next_command="do not go on; find out why"
                ) from error
            if TROUBLE.search(said) and not stop.is_set():
                if pause_s is None or stop.wait(pause_s):
                    raise Unreachable(
                        what, seen=_telling(said, TROUBLE), cause="the registry or the network", next_command="try again later"
                    ) from error
            elif REFUSALS.search(said):
                raise Refused(
                    what,
                    seen=_telling(said, REFUSALS),
                    cause="the registry does not serve it",
                    next_command="choose a version that is served",
                ) from error
            else:
                raise
    raise AssertionError("the last try returns or raises")


def _telling(said: str, pattern: re.Pattern[str]) -> str:
    """The line that says it."""
    return next((line.strip()[:300] for line in said.splitlines() if pattern.search(line)), "")
