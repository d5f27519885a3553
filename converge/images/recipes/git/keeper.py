#!/usr/bin/python3
"""Keeps Git repositories of one account, and lets people do in them what they may.

git-keeper show                     what there is, as JSON; no secret is in it
git-keeper make NAME, remove NAME   a repository
git-keeper grant NAME, revoke NAME  who may read or write one: {"repository", "may", "key", "token"} from standard input
git-keeper ssh NAME                 the one command of a grant's key
git-keeper web                      CGI: the same over HTTP, where a grant's name and token are user and password

A grant opens one repository, with its key (SSH) as with its token (HTTP, of which only the digest is kept).
Source: sshd(8) "AUTHORIZED_KEYS FILE FORMAT", git-http-backend(1), RFC 3875.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import hmac
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

DATA = Path(os.environ.get("GIT_KEEPER_DATA", "/data"))
REPOSITORIES, GRANTS, KEYS = DATA / "repositories", DATA / "grants", DATA / "authorized_keys"
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PAGE = re.compile(rf"/({NAME.pattern})\.git/(info/refs|git-upload-pack|git-receive-pack)")
SERVICES = {"git-upload-pack": "read", "git-receive-pack": "write"}
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(DATA)}


def show() -> dict[str, Any]:
    """Repositories, and grants without their tokens' digests being of any use to anybody."""
    return {
        "repositories": sorted(path.name.removesuffix(".git") for path in REPOSITORIES.glob("*.git")),
        "grants": {path.stem: json.loads(path.read_text()) for path in sorted(GRANTS.glob("*.json"))},
    }


def make(name: str) -> None:
    """A repository is there whole or not at all: it is renamed into its place."""
    place, new = REPOSITORIES / f"{name}.git", REPOSITORIES / f".{name}.new"
    if not place.exists():
        shutil.rmtree(new, ignore_errors=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", new], check=True, env=ENVIRONMENT)
        new.rename(place)


def remove(name: str) -> None:
    """With all that is in it; absent is fine."""
    shutil.rmtree(REPOSITORIES / f"{name}.git", ignore_errors=True)


def grant(name: str) -> None:
    """Replaces what the grant was before."""
    given = json.load(sys.stdin)
    kind, key = given["key"].split()[:2]
    kept = {
        "repository": named(given["repository"]),
        "may": given["may"],
        "key": f"{kind} {key}",
        "token": hashlib.sha256(given["token"].encode()).hexdigest(),
    }
    write(GRANTS / f"{name}.json", json.dumps(kept))
    write_keys()


def revoke(name: str) -> None:
    """Absent is fine."""
    (GRANTS / f"{name}.json").unlink(missing_ok=True)
    write_keys()


def write_keys() -> None:
    """What sshd reads at each login."""
    grants = show()["grants"]
    write(KEYS, "".join(f'restrict,command="/usr/local/bin/git-keeper ssh {name}" {given["key"]}\n' for name, given in grants.items()))


def ssh(name: str) -> NoReturn:
    """Run what the client asked for, where its grant lets it."""
    given = read(name)
    words = shlex.split(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    if not words and given:
        print(f"{name} may {given['may']} {given['repository']}")
        sys.exit()
    if len(words) != 2 or words[0] not in SERVICES:
        sys.exit("only git's own commands are served here")
    repository = words[1].strip("/").removesuffix(".git")
    if given is None or not may(given, repository, SERVICES[words[0]]):
        sys.exit(f"{name} may not {SERVICES[words[0]]} {repository}")
    protocol = {"GIT_PROTOCOL": os.environ["GIT_PROTOCOL"]} if "GIT_PROTOCOL" in os.environ else {}
    os.execvpe("git", ["git", words[0].removeprefix("git-"), str(REPOSITORIES / f"{repository}.git")], ENVIRONMENT | protocol)


def web() -> NoReturn:
    """Answer one request; who says nothing is asked for a name and a token, whatever the page."""
    asked = PAGE.fullmatch(os.environ.get("PATH_INFO", ""))
    name, given = signed_in()
    if given is None:
        refuse("401 Unauthorized", 'WWW-Authenticate: Basic realm="git"')
    if not asked:
        refuse("404 Not Found")
    service = os.environ.get("QUERY_STRING", "").removeprefix("service=") if asked[3] == "info/refs" else asked[3]
    if not may(given, asked[1], SERVICES.get(service, "")):
        refuse("403 Forbidden")
    more = {"GIT_PROJECT_ROOT": str(REPOSITORIES), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": name}
    if protocol := os.environ.get("HTTP_GIT_PROTOCOL"):
        more["GIT_PROTOCOL"] = protocol
    os.execvpe("git", ["git", "http-backend"], os.environ | ENVIRONMENT | more)


def signed_in() -> tuple[str, dict[str, Any] | None]:
    """The grant whose name and token the request carries."""
    kind, _, encoded = os.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        name, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", None
    given = read(name) if kind.lower() == "basic" and NAME.fullmatch(name) else None
    is_right = given is not None and hmac.compare_digest(given["token"], hashlib.sha256(token.encode()).hexdigest())
    return name, given if is_right else None


def may(given: dict[str, Any], repository: str, what: str) -> bool:
    """Who may write may read."""
    return given["repository"] == repository and what in ("read", given["may"])


def refuse(status: str, *headers: str) -> NoReturn:
    """The answer of a CGI program."""
    print(f"Status: {status}", "Content-Type: text/plain", *headers, "", status, sep="\r\n")
    sys.exit()


def read(name: str) -> dict[str, Any] | None:
    """A grant; None where there is none."""
    place = GRANTS / f"{name}.json"
    return json.loads(place.read_text()) if place.exists() else None


def write(place: Path, text: str) -> None:
    """Whole or not at all."""
    new = place.with_name(f".{place.name}.new")
    new.write_text(text)
    new.chmod(0o600)
    new.replace(place)


def named(name: str) -> str:
    """A name that is no path."""
    return name if NAME.fullmatch(name) else sys.exit(f"not a name: {name}")


def main(command: str, *names: str) -> None:
    """One command; those that change something wait for each other."""
    serving: dict[str, Callable[..., NoReturn]] = {"ssh": ssh, "web": web}
    changing: dict[str, Callable[..., None]] = {"make": make, "remove": remove, "grant": grant, "revoke": revoke}
    if command in serving:
        serving[command](*names)
    for folder in (REPOSITORIES, GRANTS):
        folder.mkdir(parents=True, exist_ok=True)
    if command == "show":
        print(json.dumps(show()))
        return
    with (DATA / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        changing[command](*map(named, names))


if __name__ == "__main__":
    main(*sys.argv[1:])
