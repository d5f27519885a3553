"""The Git server's keeper, as sshd and the web server start it: who may do what, and what it keeps of a secret."""

from __future__ import annotations

import base64
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from converge.apis.git import Branch, GitServer, commit, hash_of, moved
from converge.errors import Refused
from converge.images.catalog import recipe
from converge.process import Completed, run

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes repositories")

Keeper = Callable[..., Completed]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample"
CANARY = "correct-horse-battery-staple"


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    def call(*words: str, stdin: str = "", cwd: Path | None = None, **environment: str) -> Completed:
        argv = [sys.executable, recipe("git") / "keeper.py", *words]
        return run(argv, stdin=stdin, cwd=cwd, env={"GIT_KEEPER_DATA": str(tmp_path), **environment}, expect=(0, 1, 128))

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


@pytest.fixture
def listener() -> Iterator[tuple[str, list[Any]]]:
    """Where somebody listens, and what was heard there."""
    heard: list[Any] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/happened", heard
        server.shutdown()


def pushed(keeper: Keeper, tmp_path: Path, **environment: str) -> Completed:
    """As git starts its hook: in the repository, with what moved on standard input."""
    return keeper("pushed", stdin="0 1 refs/heads/main\n", cwd=tmp_path / "repositories/docs.git", **environment)


def test_who_is_to_be_told_of_a_push_is_told(keeper: Keeper, tmp_path: Path, listener: tuple[str, list[Any]]) -> None:
    url, heard = listener
    keeper("hook", "site", stdin=json.dumps({"repository": "docs", "url": url}))
    keeper("hook", "elsewhere", stdin=json.dumps({"repository": "other", "url": url}))
    assert pushed(keeper, tmp_path).stderr == "site was told\n"
    assert heard == [{"repository": "docs", "changes": [{"before": "0", "after": "1", "ref": "refs/heads/main"}]}]


def test_who_pushes_learns_that_nobody_listened(keeper: Keeper, tmp_path: Path) -> None:
    keeper("hook", "site", stdin=json.dumps({"repository": "docs", "url": "http://127.0.0.1:9/"}))
    done = pushed(keeper, tmp_path, GIT_KEEPER_HEARD_WITHIN_S="0")
    assert done.code == 0
    assert "site was not told: " in done.stderr
    assert "refused" in done.stderr


def test_a_hook_that_is_taken_away_tells_nobody(keeper: Keeper, tmp_path: Path) -> None:
    keeper("hook", "site", stdin=json.dumps({"repository": "docs", "url": "http://127.0.0.1:9/"}))
    assert json.loads(keeper("show").stdout)["hooks"] == {"site": {"repository": "docs", "url": "http://127.0.0.1:9/"}}
    keeper("unhook", "site")
    assert json.loads(keeper("show").stdout)["hooks"] == {}
    assert pushed(keeper, tmp_path).stderr == ""


@pytest.fixture
def server(keeper: Keeper) -> GitServer:
    def run(argv: Sequence[str], stdin: str) -> str:
        done = keeper(*argv[1:], stdin=stdin)
        if done.code:
            raise Refused("git", seen=done.stderr)
        return done.stdout

    return GitServer(run)


OURS = "refs/heads/platform"


def test_a_commit_makes_a_branch_hold_these_files_and_no_others(server: GitServer) -> None:
    first = {"docs/Grüße und mehr.md": "Grüße\n".encode(), "docs/picture.png": bytes(range(256))}
    server.take("docs", commit("platform", "Grüße", first, ""))
    assert server.branch("docs", "platform").files == {path: hash_of(data) for path, data in first.items()}
    server.take("docs", commit("platform", "less", {"mkdocs.yml": b"a: 1\n"}, f"{OURS}^0"))
    assert server.branch("docs", "platform").files == {"mkdocs.yml": hash_of(b"a: 1\n")}
    assert server.branch("docs", "main") == server.branch("nowhere", "main") == Branch("", {})


def test_a_branch_is_moved_with_another_and_never_loses_commits(server: GitServer) -> None:
    server.take("docs", commit("platform", "one", {"a": b"1"}, "") + moved("main", OURS))
    assert server.branch("docs", "main") == server.branch("docs", "platform")
    server.take("docs", commit("main", "people's", {"a": b"2"}, "refs/heads/main^0"))
    theirs = server.branch("docs", "main")
    with pytest.raises(Refused, match="was not changed"):
        server.take("docs", commit("platform", "two", {"a": b"3"}, f"{OURS}^0") + moved("main", OURS))
    assert server.branch("docs", "main") == theirs
