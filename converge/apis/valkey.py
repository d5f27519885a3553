"""Valkey as nouns: a server that is asked in its own command language, and its users.

Source: Valkey 8.1 command reference (ACL SETUSER, ACL GETUSER, WAITAOF).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from converge.errors import Refused
from converge.http import excerpt

SOCKET = "/run/valkey/valkey.sock"
CLI = ("valkey-cli", "--json", "-s", SOCKET)
"""The command line tool inside a server's pod; it finds the administrator's password in that container's environment."""

COMMANDS = "+@all -@admin -@dangerous"
"""What an application may do with its own keys: everything but administer the server."""


class CommandRefused(Refused):
    """The server answered a command with an error; ``seen`` is what it said: "NOPERM …", "WRONGPASS …"."""

    usual_next = "pytest features/ -m valkey"


@dataclass(frozen=True)
class User:
    """A user as the server knows it; passwords are SHA-256 hashes in hexadecimal."""

    is_enabled: bool
    password_hashes: tuple[str, ...]
    commands: str
    keys: str
    channels: str


@dataclass(frozen=True)
class Reach:
    """Which keys and channels are a user's: patterns, in which ``*`` stands for whatever follows, or comes before."""

    key_patterns: tuple[str, ...]
    channel_patterns: tuple[str, ...]

    @classmethod
    def of_prefix(cls, prefix: str) -> Reach:
        """All that begin so."""
        return cls((f"{_literal(prefix)}*",), (f"{_literal(prefix)}*",))

    @property
    def keys(self) -> str:
        """As the server says it: ``~wiki:*``."""
        return " ".join(f"~{pattern}" for pattern in self.key_patterns)

    @property
    def channels(self) -> str:
        """As the server says it: ``&wiki:*``."""
        return " ".join(f"&{pattern}" for pattern in self.channel_patterns)


class Valkey:
    """A server; ``run(argv, stdin)`` runs a program in its pod and returns the output."""

    def __init__(self, run: Callable[[Sequence[str], str], str], cli: Sequence[str] = CLI) -> None:
        self._run = run
        self._cli = cli

    def ask(self, *words: str | int) -> Any:
        """Send one command: ``ask("GET", "greeting")`` is "hello", or None where there is no such key.

        Raises:
            CommandRefused: the server said no.
        """
        return self.converse([words])[0]

    def converse(self, commands: Sequence[Sequence[str | int]]) -> list[Any]:
        """Send several commands over one connection, and give the answer to each; commands never stand in an argument list."""
        lines = [" ".join(_quoted(str(word)) for word in words) for words in commands]
        said = [line for line in self._run(self._cli, "\n".join(lines) + "\n").splitlines() if line.strip()]
        refused = next((line for line in said if line.startswith("error:")), None)
        if refused is not None or len(said) != len(commands):
            raise CommandRefused("Valkey to answer", seen=excerpt((refused or " ".join(said)).removeprefix("error:").strip('"')))
        return [json.loads(line) for line in said]

    def user(self, name: str) -> User | None:
        """A user, or None where there is none of that name."""
        seen = self.ask("ACL", "GETUSER", name)
        if seen is None:
            return None
        return User("on" in seen["flags"], tuple(seen["passwords"]), seen["commands"], seen["keys"], seen["channels"])

    def write_user(self, name: str, password: str, reach: Reach) -> None:
        """Create or correct a user who may use the keys and channels in ``reach``, and nothing else; kept across restarts."""
        patterns = [*(f"~{one}" for one in reach.key_patterns), *(f"&{one}" for one in reach.channel_patterns)]
        rules = ["reset", "on", f"#{password_hash(password)}", *patterns, *COMMANDS.split()]
        self.converse([["ACL", "SETUSER", name, *rules], ["ACL", "SAVE"]])

    def remove_user(self, name: str, reach: Reach) -> None:
        """Remove a user, and the keys in ``reach``; absent is fine."""
        for pattern in reach.key_patterns:
            self._forget(pattern)
        self.converse([["ACL", "DELUSER", name], ["ACL", "SAVE"]])

    def _forget(self, pattern: str) -> None:
        cursor = "0"
        while True:
            cursor, keys = self.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            if keys:
                self.ask("UNLINK", *keys)
            if str(cursor) == "0":
                break


def _literal(prefix: str) -> str:
    """A prefix in a pattern, where some characters would mean more than themselves."""
    return "".join(f"\\{letter}" if letter in "*?[]^\\" else letter for letter in prefix)


def password_hash(password: str) -> str:
    """How the server keeps a password: it is long and random, so a plain hash gives nothing away."""
    return hashlib.sha256(password.encode()).hexdigest()


def _quoted(word: str) -> str:
    """A word as the command line tool reads it: within quotes, with the few escapes that it knows."""
    return '"' + word.translate(_ESCAPES) + '"'


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
