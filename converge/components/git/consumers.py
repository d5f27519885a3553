"""The Git server's users for a while: a repository with a deploy key and a token, removed with all that was pushed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from converge import ssh_keys
from converge.apis.git import Grant
from converge.components.git.server import server

if TYPE_CHECKING:
    from converge.components.terms import Access


@dataclass(frozen=True)
class DeployKey:
    """What opens a repository: over SSH the key, over HTTPS the name and the token."""

    name: str
    repository: str
    private_key: str = field(repr=False)
    token: str = field(repr=False)


@contextlib.contextmanager
def repository(access: Access) -> Iterator[str]:
    """The name of a new, empty repository."""
    name = f"throw-away-{secrets.token_hex(4)}"
    server(access).make(name)
    try:
        yield name
    finally:
        server(access).remove(name)


@contextlib.contextmanager
def deploy_key(access: Access, repository: str, may: str) -> Iterator[DeployKey]:
    """A new key and token for a repository: "read" or "write"."""
    made = stranger(repository)
    grant = Grant(made.name, repository, may, ssh_keys.public(made.private_key), made.token)
    server(access).write_grant(grant)
    try:
        yield made
    finally:
        server(access).revoke(made.name)


def stranger(repository: str) -> DeployKey:
    """A key and a token that open nothing."""
    return DeployKey(f"throw-away-{secrets.token_hex(4)}", repository, ssh_keys.make(), secrets.token_urlsafe(24))
