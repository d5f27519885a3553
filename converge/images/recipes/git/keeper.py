#!/usr/bin/python3
"""Keeps Git repositories of one account, and lets people do in them what they may.

git-keeper show                     what there is, as JSON; no secret is in it
git-keeper make NAME, remove NAME   a repository
git-keeper grant NAME, revoke NAME  who may read or write one: {"repository", "may", "key", "token"} from standard input
git-keeper hook NAME, unhook NAME   who is told of pushes to one: {"repository", "url"} from standard input
git-keeper files NAME BRANCH        what a branch holds, as JSON: its commit, and the hash of each file
git-keeper import NAME              commits from standard input, as git fast-import takes them, in base64; nobody is told
git-keeper ssh NAME                 the one command of a grant's key
git-keeper web                      CGI: the same over HTTP, where a grant's name and token are user and password
git-keeper pushed                   Git's own hook post-receive: tells who is to be told, and the one who pushed whether that was heard

A grant opens one repository, with its key (SSH) as with its token (HTTP, of which only the digest is kept).
Source: sshd(8) "AUTHORIZED_KEYS FILE FORMAT", git-http-backend(1), githooks(5), git-fast-import(1), RFC 3875.
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
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

DATA = Path(os.environ.get("GIT_KEEPER_DATA", "/data"))
REPOSITORIES, GRANTS, HOOKS, KEYS = DATA / "repositories", DATA / "grants", DATA / "hooks", DATA / "authorized_keys"
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PAGE = re.compile(rf"/({NAME.pattern})\.git/(info/refs|git-upload-pack|git-receive-pack)")
SERVICES = {"git-upload-pack": "read", "git-receive-pack": "write"}
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(DATA)}
BRANCH = re.compile(r"[a-z0-9][a-z0-9/-]{0,99}")
HEARD_WITHIN_S = float(os.environ.get("GIT_KEEPER_HEARD_WITHIN_S", "15"))
"""How long somebody who pushed waits for those who are to be told: their pods may just be replaced."""


def show() -> dict[str, Any]:
    """Repositories, and grants without their tokens' digests being of any use to anybody."""
    return {
        "repositories": sorted(path.name.removesuffix(".git") for path in REPOSITORIES.glob("*.git")),
        "grants": {path.stem: json.loads(path.read_text()) for path in sorted(GRANTS.glob("*.json"))},
        "hooks": {path.stem: json.loads(path.read_text()) for path in sorted(HOOKS.glob("*.json"))},
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


def hook(name: str) -> None:
    """Replaces what the hook was before."""
    given = json.load(sys.stdin)
    write(HOOKS / f"{name}.json", json.dumps({"repository": named(given["repository"]), "url": given["url"]}))


def unhook(name: str) -> None:
    """Absent is fine."""
    (HOOKS / f"{name}.json").unlink(missing_ok=True)


def files(name: str, branch: str) -> dict[str, Any]:
    """A branch that is not there has no commit and no files, nor has one of a repository that is not there."""
    place = REPOSITORIES / f"{named(name)}.git"
    ref = f"refs/heads/{branch}" if BRANCH.fullmatch(branch) else sys.exit(f"not a branch: {branch}")
    if not place.exists() or not (commit := git(place, "for-each-ref", "--format=%(objectname)", ref).strip()):
        return {"commit": "", "files": {}}
    entries = [entry.split("\t", 1) for entry in git(place, "ls-tree", "-r", "-z", commit).split("\0") if entry]
    return {"commit": commit, "files": {path: about.split()[2] for about, path in entries}}


def take(name: str) -> None:
    """Git itself refuses to move a branch to what does not contain its commit."""
    stream = base64.b64decode(sys.stdin.read())
    importing = ["git", "fast-import", "--quiet", "--date-format=now"]
    done = subprocess.run(importing, cwd=REPOSITORIES / f"{name}.git", input=stream, check=False, env=ENVIRONMENT)
    if done.returncode:
        sys.exit(f"{name} was not changed: git fast-import ended with {done.returncode}")


def git(place: Path, *words: str) -> str:
    """What git says of a repository."""
    return subprocess.run(["git", *words], cwd=place, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout


def pushed() -> None:
    """A push is done when this starts: what goes wrong here is said, and keeps nothing back."""
    repository = Path.cwd().name.removesuffix(".git")
    changes = [dict(zip(("before", "after", "ref"), line.split(), strict=True)) for line in sys.stdin]
    for name, wanted in show()["hooks"].items():
        if wanted["repository"] == repository:
            seen = tell(wanted["url"], {"repository": repository, "changes": changes})
            print(f"{name} was not told: {seen}" if seen else f"{name} was told", file=sys.stderr)


def tell(url: str, event: dict[str, Any]) -> str:
    """Send an event until somebody takes it; why nobody did, "" where somebody has."""
    told = json.dumps(event).encode()
    request = urllib.request.Request(url, told, {"Content-Type": "application/json"})  # noqa: S310 - an administrator said where
    ends_at = time.monotonic() + HEARD_WITHIN_S
    while True:
        try:
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
        except OSError as error:
            if time.monotonic() > ends_at:
                return str(error)
            time.sleep(0.5)
        else:
            return ""


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
    changing: dict[str, Callable[..., None]] = {
        "make": make,
        "remove": remove,
        "import": take,
        "grant": grant,
        "revoke": revoke,
        "hook": hook,
        "unhook": unhook,
    }
    reading: dict[str, Callable[..., dict[str, Any]]] = {"show": show, "files": files}
    if command in serving:
        serving[command](*names)
    for folder in (REPOSITORIES, GRANTS, HOOKS):
        folder.mkdir(parents=True, exist_ok=True)
    if command in reading:
        print(json.dumps(reading[command](*names)))
        return
    if command == "pushed":
        pushed()
        return
    with (DATA / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        changing[command](*map(named, names))


if __name__ == "__main__":
    main(*sys.argv[1:])
