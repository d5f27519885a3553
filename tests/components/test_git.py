"""Repositories and deploy keys of the Git server: compared without a secret being read back, and told once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from converge import ssh_keys
from converge.apis.git import Grant
from converge.components.git.component import Git
from converge.components.git.host_key import KnownHosts
from converge.components.git.repository import GitRepository
from converge.components.git.repository_settings import GrantItself, RepositoryItself
from converge.components.terms import Context, GeneratedSecret
from converge.errors import Unreachable
from converge.inventory import Inventory

PRIVATE = ssh_keys.make()
WIKI: Any = SimpleNamespace(name="wiki", namespace="wiki", inventory=Inventory())
SECRET = GeneratedSecret("wiki", "wiki-git", {})
RIGHT = Grant("wiki", "docs", "read", ssh_keys.public(PRIVATE), "canary").kept()


def access(shown: Any, told: list[tuple[Sequence[str], str]] | None = None, said: str = "") -> Any:
    def execute(_namespace: str, _pod: str, argv: Sequence[str], stdin: str) -> str:
        if told is not None:
            told.append((argv, stdin))
        return said or json.dumps(shown)

    return SimpleNamespace(execute=execute, secret=lambda _n, _s, key: PRIVATE if key == "ssh-privatekey" else "canary")


def grant(seen: Any, told: list[tuple[Sequence[str], str]] | None = None) -> GrantItself:
    return GrantItself("wiki", "docs", "read", SECRET, access({"repositories": [], "grants": seen}, told))


def test_a_grant_that_is_as_wanted_does_not_differ() -> None:
    assert not grant({"wiki": RIGHT}).differences()


@pytest.mark.parametrize("field", ["repository", "may", "key", "token"])
def test_whatever_is_not_as_wanted_is_named_and_no_secret(field: str) -> None:
    (found,) = grant({"wiki": {**RIGHT, field: "another"}}).differences()
    assert found.field == field
    assert not {"canary", RIGHT["token"], RIGHT["key"]} & {str(found.wanted), str(found.seen)}


def test_a_grant_is_told_through_standard_input() -> None:
    told: list[tuple[Sequence[str], str]] = []
    grant({}, told).write()
    ((argv, stdin),) = told
    assert argv == ["git-keeper", "grant", "wiki"]
    assert "canary" in stdin
    assert PRIVATE not in stdin


def test_a_repository_is_there_or_absent() -> None:
    assert not RepositoryItself("docs", access({"repositories": ["docs"]})).differences()
    assert RepositoryItself("docs", access({"repositories": []})).differences()


@pytest.mark.parametrize(("said", "opens"), [("wiki may read docs", True), ("git@localhost: Permission denied (publickey).", False)])
def test_a_key_opens_or_is_refused(said: str, opens: bool, context: Callable[..., Context]) -> None:
    refuses = SimpleNamespace(get=lambda *_, **__: SimpleNamespace(status_code=401))
    (credential,) = GitRepository(WIKI).credentials(context(), SimpleNamespace(**vars(access({}, said=said)), http=refuses))  # type: ignore[arg-type]
    assert credential.accepts({"username": "wiki", "password": "canary", "ssh-privatekey": PRIVATE}) is opens


def test_where_sshd_says_neither_nothing_is_known(context: Callable[..., Context]) -> None:
    (credential,) = GitRepository(WIKI).credentials(context(), access({}, said="Connection refused"))
    with pytest.raises(Unreachable):
        credential.accepts({"username": "wiki", "password": "canary", "ssh-privatekey": PRIVATE})


def test_what_others_ask_for_is_there_before_them_and_its_own_after_it(context: Callable[..., Context]) -> None:
    theirs, own = GitRepository(WIKI), GitRepository(Git(Inventory()), name="platform")
    assert [len(theirs.prerequisites(context(), access({}))), len(theirs.settings(context(), access({})))] == [2, 0]
    assert [len(own.prerequisites(context(), access({}))), len(own.settings(context(), access({})))] == [0, 2]


def test_two_repositories_of_one_component_have_two_keys() -> None:
    assert GitRepository(WIKI).secret.name != GitRepository(WIKI, name="docs").secret.name


def test_clients_are_told_the_servers_host_key(context: Callable[..., Context]) -> None:
    objects: dict[str, Any] = {}
    api = SimpleNamespace(
        find=lambda _kind, name, _namespace: objects.get(name), apply=lambda obj: objects.update({obj["metadata"]["name"]: obj})
    )
    (setting,) = KnownHosts(WIKI).prerequisites(context(), SimpleNamespace(**vars(access({})), api=lambda: api))  # type: ignore[arg-type]
    assert setting.differences()
    setting.write()
    assert not setting.differences()
    assert objects["git-known-hosts"]["data"]["known_hosts"] == f"git.git.svc {ssh_keys.public(PRIVATE)}\n"
