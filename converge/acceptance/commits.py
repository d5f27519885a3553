"""Commits as developers and programs push and clone them: the real git in a throw-away pod, over SSH or HTTPS."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converge.acceptance.throwaway import Program
from converge.kubernetes.execute import ExecFailed
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from converge.acceptance.throwaway import ThrowawayPods

_BEGIN = """
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export HOME=$folder GIT_TERMINAL_PROMPT=0
"""

_OVER_SSH = """
IFS= read -r known
printf '%s\\n' "$known" > known
cat > key
export GIT_SSH_COMMAND="ssh -i $folder/key -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes"
GIT_SSH_COMMAND+=" -o UserKnownHostsFile=$folder/known"
"""

_OVER_HTTPS = """
IFS= read -r name
IFS= read -r token
printf 'username=%s\\npassword=%s\\n' "$name" "$token" > credentials
cat > ca.pem
git config --global http.sslCAInfo "$folder/ca.pem"
git config --global credential.helper '!cat "$HOME/credentials"; :'
"""

_PUSH = """
git clone -q "$1" work 2>&1
cd work
git checkout -q -B main
mkdir -p "$(dirname "$3")"
printf '%s' "$2" > "$3"
git add "$3"
git -c user.name=thinkube -c user.email=nobody@invalid commit -qm "$2"
git push -q origin main 2>&1
git rev-parse HEAD
"""

_TAKE_BACK = """
git clone -q "$1" work 2>&1
git -C work push -q --force-with-lease="main:$2" origin "$3:main" 2>&1
"""

_COMMIT = """
git clone -q "$1" work 2>&1
cd work
git checkout -q -B main
shift
while [ $# -gt 0 ]; do
  mkdir -p "$(dirname "$1")"
  if [ -n "$2" ]; then printf '%s' "$2" > "$1"; git add "$1"; else git rm -q "$1"; fi
  shift 2
done
git -c user.name=thinkube -c user.email=nobody@invalid commit -qm change
git push -q origin main 2>&1
"""

_CLONE = 'git clone -q "$1" work 2>&1; cat work/note'
NO_WAY = (
    *("Connection refused", "Connection reset", "Connection closed", "No route to host", "Resource temporarily unavailable"),
    *("error: 502", "error: 503", "error: 504"),
)
"""What a client says where the way to a pod that has just become ready leads nowhere yet."""

_SHELL = '$GIT_SSH_COMMAND -T "$1" id 2>&1'


@dataclass(frozen=True)
class Way:
    """How a pod reaches a repository: where it is, and what standard input tells the script that goes there."""

    url: str
    begin: str
    told: str

    @classmethod
    def over_ssh(cls, url: str, private_key: str, known_hosts: str) -> Way:
        """With a key; ``known_hosts`` is one line of OpenSSH's."""
        return cls(url, _BEGIN + _OVER_SSH, known_hosts.strip() + "\n" + private_key)

    @classmethod
    def over_https(cls, url: str, name: str, token: str, ca_pem: str) -> Way:
        """With a name and a token."""
        return cls(url, _BEGIN + _OVER_HTTPS, f"{name}\n{token}\n{ca_pem}")


class GitPod:
    """A throw-away pod with git and an SSH client: ``image`` is the Git server's own."""

    def __init__(self, pods: ThrowawayPods, name: str, image: str) -> None:
        self._pods = pods
        self.name = pods.make(name, program=Program(image=image, memory="128Mi", uid=1000))

    def push(self, way: Way, text: str, file: str = "note") -> str:
        """Clone, commit a file that reads so, and push it; returns the commit.

        Raises:
            ExecFailed: git was refused; what it said is in it.
        """
        return self._run(way, _PUSH, text, file).split()[-1]

    def take_back(self, way: Way, commit: str, to: str) -> None:
        """Push what was there before, unless somebody has pushed since ``commit``."""
        self._run(way, _TAKE_BACK, commit, to)

    def commit(self, way: Way, files: Mapping[str, str]) -> None:
        """Clone, commit files that read so ("": delete it), by their paths, and push them."""
        self._run(way, _COMMIT, *(word for row in files.items() for word in row))

    def clone(self, way: Way) -> str:
        """What the note of a new clone says; asked again while the way to the server leads nowhere.

        The nodes tell nobody when they have taken up the new pod of a service, nor does the ingress.
        """
        ends_at = time.monotonic() + COMES_S
        while True:
            try:
                return self._run(way, _CLONE)
            except ExecFailed as failed:
                if time.monotonic() > ends_at or not any(reason in failed.cause for reason in NO_WAY):
                    raise
                time.sleep(0.2)

    def ask_for_shell(self, way: Way, account: str) -> str:
        """Try to run something else than git at ``account``: ``git@git.git.svc``."""
        return self._pods.run(self.name, ["bash", "-euc", f"{way.begin}{_SHELL}", "ssh", account], way.told)

    def remove(self) -> None:
        """Remove the pod."""
        self._pods.remove(self.name)

    def _run(self, way: Way, action: str, *words: str) -> str:
        return self._pods.run(self.name, ["bash", "-euc", f"{way.begin}{action}", "git", way.url, *words], way.told)
