"""The platform's Git server as nouns: its repositories, who may read or write one, and how they are met over SSH and HTTPS.

Source: converge/images/recipes/git/keeper.py, which answers; ssh(1); gitprotocol-http(5).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from converge.errors import Refused, Unreachable
from converge.http import checked

if TYPE_CHECKING:
    import requests

Run = Callable[[Sequence[str], str], str]
"""Runs a program in the server's pod with this standard input, and returns what it says."""

AUTHOR = "Thinkube <thinkube@invalid>"
"""Whose commits are the platform's own."""

_TRY_KEY = """
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/key"
printf '[localhost]:2222 %s\\n' "$(ssh-keygen -y -f /host-key/ssh-privatekey)" > "$folder/known"
ssh -T -p 2222 -i "$folder/key" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes \
  -o UserKnownHostsFile="$folder/known" git@localhost 2>&1 || true
"""


@dataclass(frozen=True)
class Grant:
    """Who may do what in one repository: ``may`` is "read" or "write"; the key opens it over SSH, the token over HTTPS."""

    name: str
    repository: str
    may: str
    key: str
    """The public key, as one line of OpenSSH's: ``ssh-ed25519 AAAA…``."""
    token: str = field(repr=False)

    def kept(self) -> Mapping[str, str]:
        """What the server shows of it."""
        digest = hashlib.sha256(self.token.encode()).hexdigest()
        return {"repository": self.repository, "may": self.may, "key": self.key, "token": digest}


@dataclass(frozen=True)
class Branch:
    """What a branch of a repository holds: its newest ``commit``, "" where there is no such branch, and Git's hash of each of its files."""

    commit: str
    files: Mapping[str, str]


class GitServer:
    """The server, through the program in its pod that keeps repositories and grants."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def repositories(self) -> Sequence[str]:
        """The names of the repositories that there are."""
        found: Sequence[str] = self._show()["repositories"]
        return found

    def grants(self) -> Mapping[str, Mapping[str, str]]:
        """What each grant opens, and how; a token by its digest."""
        found: Mapping[str, Mapping[str, str]] = self._show()["grants"]
        return found

    def make(self, repository: str) -> None:
        """Make an empty repository; one that is there stays."""
        self._keeper("make", repository)

    def remove(self, repository: str) -> None:
        """Remove a repository with all that is in it; absent is fine."""
        self._keeper("remove", repository)

    def write_grant(self, grant: Grant) -> None:
        """Make a grant, or replace it."""
        given = {"repository": grant.repository, "may": grant.may, "key": grant.key, "token": grant.token}
        self._keeper("grant", grant.name, stdin=json.dumps(given))

    def revoke(self, name: str) -> None:
        """Remove a grant; absent is fine."""
        self._keeper("revoke", name)

    def hooks(self) -> Mapping[str, Mapping[str, str]]:
        """Who is told of pushes to which repository, and where: ``{"mkdocs": {"repository": "docs", "url": "http://…"}}``."""
        found: Mapping[str, Mapping[str, str]] = self._show()["hooks"]
        return found

    def write_hook(self, name: str, repository: str, url: str) -> None:
        """Have this address told of every push to a repository."""
        self._keeper("hook", name, stdin=json.dumps({"repository": repository, "url": url}))

    def unhook(self, name: str) -> None:
        """Have nobody told any more; absent is fine."""
        self._keeper("unhook", name)

    def branch(self, repository: str, name: str) -> Branch:
        """What a branch holds."""
        seen = json.loads(self._keeper("files", repository, name))
        return Branch(seen["commit"], seen["files"])

    def take(self, repository: str, commits: bytes) -> None:
        """Take commits as ``git fast-import`` does; no hook tells of them.

        Raises:
            ThinkubeError: a branch would lose commits; it stays as it was.
        """
        self._keeper("import", repository, stdin=base64.b64encode(commits).decode())

    def opens_with_key(self, private_key: str) -> bool:
        """Whether a private key opens anything, as it is used: over SSH.

        Raises:
            Unreachable: sshd says neither yes nor no.
        """
        said = self._run(["bash", "-euc", _TRY_KEY], private_key)
        if " may " in said:
            return True
        if "Permission denied" in said:
            return False
        raise Unreachable("sshd of the Git server", seen=said.strip() or "nothing")

    def _show(self) -> Mapping[str, Any]:
        shown: Mapping[str, Any] = json.loads(self._keeper("show"))
        return shown

    def _keeper(self, *words: str, stdin: str = "") -> str:
        return self._run(["git-keeper", *words], stdin)


def hash_of(content: bytes) -> str:
    """What Git calls a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def commit(branch: str, message: str, files: Mapping[str, bytes], parent: str) -> bytes:
    """A commit that makes a branch hold these files and no others, as ``git fast-import`` reads it; ``parent`` is "" for a first one."""
    lines = [f"commit refs/heads/{branch}", f"committer {AUTHOR} now", f"data {len(message.encode())}", message]
    text = "\n".join([*lines, *([f"from {parent}"] if parent else []), "deleteall", ""]).encode()
    return text + b"".join(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data) for path, data in files.items())


def moved(branch: str, to: str) -> bytes:
    """A branch that is to be at a commit, or where a branch is that has moved before; it is refused where commits would be lost."""
    return f"reset refs/heads/{branch}\nfrom {to}\n".encode()


def opens_with_token(http: requests.Session, url: str, name: str, token: str) -> bool:
    """Whether a grant's name and token open the repository at a URL, as it is used: over HTTPS.

    Raises:
        Unreachable: the ingress, or somebody else on the way, answered instead.
    """
    answer = http.get(f"{url}/info/refs", params={"service": "git-upload-pack"}, auth=(name, token))
    if answer.status_code in (401, 403):
        return False
    if answer.status_code == 404:
        raise Unreachable(f"{url} to lead to the Git server", seen="404")
    checked(answer, url)
    if "git-upload-pack" not in answer.headers.get("Content-Type", ""):
        raise Refused(url, seen="no Git server", next_command="pytest features/ -m git")
    return True
