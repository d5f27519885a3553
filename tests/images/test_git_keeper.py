"""The Git server's keeper, as sshd and the web server start it: who may do what, and what it keeps of a secret."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from converge.images.catalog import recipe
from converge.process import Completed, run

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes repositories")

Keeper = Callable[..., Completed]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample"
CANARY = "correct-horse-battery-staple"


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    def call(*words: str, stdin: str = "", **environment: str) -> Completed:
        argv = [sys.executable, recipe("git") / "keeper.py", *words]
        return run(argv, stdin=stdin, env={"GIT_KEEPER_DATA": str(tmp_path), **environment}, expect=(0, 1, 128))

    call("make", "docs")
    call("make", "other")
    for name, may in (("reader", "read"), ("writer", "write")):
        call("grant", name, stdin=json.dumps({"repository": "docs", "may": may, "key": f"{KEY} of somebody", "token": CANARY}))
    return call


def test_it_shows_what_there_is_and_no_token(keeper: Keeper) -> None:
    said = keeper("show").stdout
    assert json.loads(said)["repositories"] == ["docs", "other"]
    assert {name: (given["repository"], given["may"], given["key"]) for name, given in json.loads(said)["grants"].items()} == {
        "reader": ("docs", "read", KEY),
        "writer": ("docs", "write", KEY),
    }
    assert CANARY not in said


def test_each_key_runs_one_command_and_a_revoked_one_none(keeper: Keeper, tmp_path: Path) -> None:
    keeper("revoke", "reader")
    assert (tmp_path / "authorized_keys").read_text() == f'restrict,command="/usr/local/bin/git-keeper ssh writer" {KEY}\n'
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_a_repository_that_is_there_stays_and_one_that_is_removed_is_gone(keeper: Keeper, tmp_path: Path) -> None:
    (tmp_path / "repositories/docs.git/mark").write_text("")
    keeper("make", "docs")
    assert (tmp_path / "repositories/docs.git/mark").exists()
    keeper("remove", "docs")
    assert json.loads(keeper("show").stdout)["repositories"] == ["other"]


@pytest.mark.parametrize("name", ["../docs", "a/b", "", ".hidden", "Capital"])
def test_a_name_is_no_path(keeper: Keeper, name: str) -> None:
    assert keeper("make", name).code == 1


@pytest.mark.parametrize(
    ("grant", "command", "said"),
    [
        pytest.param("reader", "git-receive-pack 'docs.git'", "reader may not write docs", id="a reader writes"),
        pytest.param("writer", "git-upload-pack 'other.git'", "writer may not read other", id="another repository"),
        pytest.param("writer", "git-upload-pack '../repositories/other.git'", "may not", id="a path"),
        pytest.param("writer", "git-upload-pack docs.git; id", "only git's own commands", id="a second command"),
        pytest.param("writer", "id", "only git's own commands", id="another command"),
        pytest.param("revoked", "git-upload-pack 'docs.git'", "may not", id="a grant that is none"),
    ],
)
def test_a_key_opens_no_more_than_its_grant(keeper: Keeper, grant: str, command: str, said: str) -> None:
    done = keeper("ssh", grant, SSH_ORIGINAL_COMMAND=command)
    assert done.code == 1
    assert said in done.stderr


def test_a_key_without_a_command_says_what_it_may(keeper: Keeper) -> None:
    assert keeper("ssh", "reader").stdout == "reader may read docs\n"


def asked(path: str, login: str = f"reader:{CANARY}", query: str = "") -> dict[str, str]:
    authorization = f"Basic {base64.b64encode(login.encode()).decode()}" if login else ""
    return {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_AUTHORIZATION": authorization, "REQUEST_METHOD": "GET"}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(asked("/docs.git/info/refs", "", "service=git-upload-pack"), "401", id="nobody"),
        pytest.param(asked("/docs.git/info/refs", "reader:wrong", "service=git-upload-pack"), "401", id="a wrong token"),
        pytest.param(asked("/docs.git/info/refs", f"stranger:{CANARY}", "service=git-upload-pack"), "401", id="a stranger's name"),
        pytest.param(asked("/docs.git/info/refs", f"../grants/reader:{CANARY}", "service=git-upload-pack"), "401", id="a path as a name"),
        pytest.param(asked("/docs.git/info/refs", query="service=git-receive-pack"), "403", id="a reader begins to write"),
        pytest.param(asked("/docs.git/git-receive-pack"), "403", id="a reader writes"),
        pytest.param(asked("/docs.git/info/refs"), "403", id="the dumb protocol"),
        pytest.param(asked("/other.git/info/refs", query="service=git-upload-pack"), "403", id="another repository"),
        pytest.param(asked("/docs.git/config"), "404", id="a file"),
        pytest.param(asked("/docs.git/../other.git/info/refs"), "404", id="a path"),
    ],
)
def test_a_request_gets_no_more_than_its_grant(keeper: Keeper, request_: dict[str, str], status: str) -> None:
    assert keeper("web", **request_).stdout.startswith(f"Status: {status} ")


def test_a_reader_reads(keeper: Keeper) -> None:
    said = keeper("web", **asked("/docs.git/info/refs", query="service=git-upload-pack")).stdout
    assert "Content-Type: application/x-git-upload-pack-advertisement" in said
