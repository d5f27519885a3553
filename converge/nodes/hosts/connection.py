"""One connection to a host, shared by everything that is done there: OpenSSH's client, which every user has set up already.

The user's own configuration, keys, agent and known_hosts count. A connection is opened once a host and closes a minute after its last use.
What is run on a host travels through standard input, so no process list shows it; the command line is always the same few words.
"""

from __future__ import annotations

import hashlib
import shlex
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from converge import surroundings
from converge.errors import Refused, ThinkubeError, Unreachable
from converge.inventory.model import SshHost
from converge.nodes.hosts import trouble
from converge.places import sockets_folder
from converge.process import Completed, ProgramFailed, run

SESSIONS = 6
"""How many things are done on a host at once: an SSH server allows ten sessions of a connection by default."""
KEPT_S = 60
DEADLINE_S = 15
MARK = "thinkube-begins"

# Whatever stands before the mark (a password that sudo did not ask for) is skipped; one line follows, in which the script is.
_READ = f"""until [ "$l" = {MARK} ]; do IFS= read -r l || exit 97; done; IFS= read -r l && eval "$(printf %b "$l")" """
_BEGIN = f"umask 022; cd /; export LC_ALL=C.UTF-8 PATH={surroundings.NODE['PATH']}"
_AS_ROOT = f" HOME={surroundings.NODE['HOME']}"
_SUDO_CAUSES = {
    "required": "nodes.hosts[].sudo_password can name where its password is; or let sudo ask for none",
    "wrong": "the password that nodes.hosts[].sudo_password names is another one",
}


class Connection:
    """The way to one host; opened when it is first used."""

    def __init__(self, host: SshHost, folder: Path) -> None:
        self.host = host
        self._folder = folder
        self._opening = threading.Lock()
        self._sessions = threading.Semaphore(SESSIONS)
        where = "\0".join((str(folder), host.name, host.address, str(host.port), host.user, str(host.key_file), host.host_key or ""))
        self._socket = sockets_folder() / hashlib.sha256(where.encode()).hexdigest()[:16]

    @property
    def where(self) -> str:
        """``ubuntu@192.168.1.101``, with the port where it is not the usual one."""
        port = "" if self.host.port == 22 else f" -p {self.host.port}"
        return f"{self.host.user}@{self.host.address}{port}"

    def open(self) -> None:
        """Connect, where that is not done.

        Raises:
            Unreachable: nobody answers.
            Refused: it is not the host that it should be, or it does not let us in.
        """
        with self._opening:
            if self._socket.exists():
                return
            try:
                # Started explicitly and in the background: a client that becomes the master by itself may keep our pipes open.
                options = ["-o", "ControlMaster=yes", "-o", f"ControlPersist={KEPT_S}", "-f", "-N", "-T"]
                run([*self._ssh(), *options, self.host.address], env=surroundings.ssh(), timeout_s=3 * DEADLINE_S)
            except ProgramFailed as failed:
                raise trouble.of(self.host, failed.completed.stderr or failed.seen) from failed

    def close(self) -> None:
        """End the connection; closed is fine."""
        if self._socket.exists():
            run([*self._ssh(), "-O", "exit", self.host.address], env=surroundings.ssh(), timeout_s=DEADLINE_S, expect=range(256))

    def run(
        self, argv: Sequence[str], *, stdin: str = "", feed: Path | None = None, timeout_s: float = 60, as_root: bool = True
    ) -> Completed:
        """Run a program to its end as root; its exit status is in the answer, not an error.

        Raises:
            Unreachable: the host does not answer (any more).
            Refused: sudo does not let us.
        """
        return self.script(shlex.join(argv), stdin=stdin, feed=feed, timeout_s=timeout_s, as_root=as_root, shown=argv)

    def script(
        self,
        text: str,
        *,
        stdin: str = "",
        feed: Path | None = None,
        timeout_s: float = 60,
        as_root: bool = True,
        shown: Sequence[str] = ("a script",),
    ) -> Completed:
        """The same for a text of the shell."""
        self.open()
        line = f"{_BEGIN}{_AS_ROOT if as_root else ''}\n{text}".replace("\\", "\\\\").replace("\n", "\\n")
        password = ""
        command = f"/bin/sh -c '{_READ}'"
        if as_root and self.host.user != "root":
            if self.host.sudo_password is None:
                command = f"sudo -n -- {command}"
            else:
                # -k: sudo asks whether or not it has asked lately, so the password never becomes the program's input.
                command, password = f"sudo -k -S -p '' -- {command}", f"{self.host.sudo_password.read()}\n"
        argv = [*self._ssh(), "-o", "ControlMaster=no", "-T", self.host.address, command]
        with self._sessions:
            try:
                done = run(
                    argv,
                    stdin=f"{password}{MARK}\n{line}\n{stdin}",
                    feed=feed,
                    timeout_s=timeout_s,
                    expect=range(-64, 256),
                    env=surroundings.ssh(),
                )
            except ProgramFailed as failed:
                raise ProgramFailed(replace(failed.completed, argv=tuple(shown)), seen=f"{failed.seen} on {self.host.name}") from None
        if (error := self._refusal(done)) is not None:
            raise error
        return replace(done, argv=tuple(shown))

    def terminal(self, argv: Sequence[str]) -> list[str]:
        """The command that enters the host at a terminal, as root; sudo asks for a password itself where it wants one."""
        sudo = [] if self.host.user == "root" else ["sudo", "-i"] if not argv else ["sudo"]
        words = [str(word) for word in self._ssh()] + ["-t", self.host.address]
        return words + ([shlex.join([*sudo, *argv])] if sudo or argv else [])

    def _refusal(self, done: Completed) -> ThinkubeError | None:
        """What kept the program from being started at all."""
        if done.code == 255 and (not done.stderr.strip() or trouble.is_of_connection(done.stderr)):
            if (error := trouble.of(self.host, done.stderr)) is not None and isinstance(error, Unreachable):
                self._socket.unlink(missing_ok=True)
            return error
        if self.host.user != "root" and done.code in (1, 97) and (words := trouble.of_sudo(done.stderr)):
            return Refused(
                f"root on {self.host.name} by sudo",
                seen=words,
                cause=_SUDO_CAUSES.get("required" if "password is required" in words else "wrong" if "incorrect" in words else "", ""),
                next_command=f"ssh {self.where} sudo -v",
            )
        return None

    def _ssh(self) -> list[str | Path]:
        host = self.host
        options = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "ConnectTimeout": str(DEADLINE_S),
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "3",
            "ControlPath": str(self._socket),
            "ForwardX11": "no",
            "ForwardAgent": "no",
            "LogLevel": "ERROR",
        }
        if host.key_file is not None:
            options["IdentitiesOnly"] = "yes"
        if host.host_key is not None:
            options |= {
                "HostKeyAlias": f"thinkube-{host.name}",
                "UserKnownHostsFile": str(self._pinned()),
                "GlobalKnownHostsFile": "/dev/null",
            }
        words: list[str | Path] = ["ssh", "-p", str(host.port), "-l", host.user]
        words += ["-i", host.key_file] if host.key_file is not None else []
        return words + [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def _pinned(self) -> Path:
        """A known_hosts file with the one key that the inventory names."""
        path = self._folder / f"{self.host.name}.known_hosts"
        text = f"thinkube-{self.host.name} {self.host.host_key}\n"
        if not path.exists() or path.read_text() != text:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return path
