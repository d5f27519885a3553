"""A host as kubeadm's clusters are worked on: files and programs through its one connection.

Where systemd is its first process, programs are its units; elsewhere they are started plainly, with a file that holds their process id.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from converge.errors import ThinkubeError
from converge.nodes.hosts.connection import Connection
from converge.nodes.hosts.host_files import File, unit
from converge.nodes.hosts.plan import HostsPlan
from converge.nodes.kubeadm.complaints import TAIL_BYTES, complaints
from converge.nodes.kubeadm.machine import Said
from converge.process import Completed, ProgramFailed

PIDS = "/run/thinkube"
LOGS = "/var/log/thinkube"
OWN = ("network", "containerd", "kubelet")
"""The programs of a host itself, in the order in which they start."""
BOUNDARY = "==thinkube=="

# Whole or not at all, and private until it is in its place; a kubelet that reads the folder leaves hidden files alone.
PUT = """
put() {
    mkdir -p "${1%/*}" || exit 1
    draft="${1%/*}/.${1##*/}.new"
    (umask 077; printf %s "$3" >"$draft") && chmod "$2" "$draft" && mv -f "$draft" "$1" || exit 1
}
"""


@dataclass(frozen=True)
class HostMachine:
    """One host; ``has_systemd`` decides how its programs are kept running."""

    name: str
    connection: Connection
    has_systemd: bool

    def run(self, argv: Sequence[str], *, timeout_s: float = 60, stdin: str | None = None, feed: Path | None = None) -> Completed:
        """See ``Machine.run``; ``feed`` is a file of this machine that the program reads."""
        return self._succeeded(self.connection.run(argv, timeout_s=timeout_s, stdin=stdin or "", feed=feed))

    def script(self, text: str, *, timeout_s: float = 60, feed: Path | None = None) -> Completed:
        """Run a text of the shell to its end.

        Raises:
            ProgramFailed: it did not succeed.
        """
        return self._succeeded(self.connection.script(text, timeout_s=timeout_s, feed=feed))

    def as_account(self, text: str) -> Completed:
        """The same as the account that we log in with.

        Raises:
            ProgramFailed: it did not succeed.
        """
        return self._succeeded(self.connection.script(text, as_root=False))

    def read(self, *paths: str) -> Mapping[str, str]:
        """See ``Machine.read``."""
        look = f'for one in {shlex.join(paths)}; do if [ -f "$one" ]; then echo "{BOUNDARY} $one"; cat "$one"; echo; fi; done'
        return contents_of(self.script(look).stdout)

    def write(self, path: str, text: str, *, mode: int = 0o644) -> None:
        """See ``Machine.write``."""
        self.write_all({path: File(text, mode)})

    def write_all(self, files: Mapping[str, File]) -> None:
        """The same for several files, in one go."""
        if files:
            lines = [shlex.join(["put", path, f"{file.mode:o}", file.text]) for path, file in files.items()]
            self.script("\n".join([PUT, *lines]))

    def remove(self, *paths: str) -> None:
        """See ``Machine.remove``."""
        self.script(f"rm -f -- {shlex.join(paths)}")

    def command(self, program: str) -> Sequence[str] | None:
        """See ``Machine.command``."""
        where = f"$(systemctl show --value -p MainPID {unit(program)})" if self.has_systemd else f"$(cat {PIDS}/{program}.pid 2>/dev/null)"
        text = f"""pid={where}; [ "${{pid:-0}}" -gt 0 ] && [ -r /proc/$pid/cmdline ] && tr '\\0' '\\n' </proc/$pid/cmdline; :"""
        words = self.script(text).stdout.splitlines()
        return words if words and (program == "network" or Path(words[0]).name == program) else None

    def start(self, program: str, argv: Sequence[str]) -> None:
        """See ``Machine.start``; systemd knows from its unit how."""
        if self.has_systemd:
            self.script(f"systemctl daemon-reload && systemctl enable --quiet {unit(program)} && systemctl restart {unit(program)}")
            return
        begin = f'echo $$ >{PIDS}/{program}.pid; exec "$@"'
        self.script(
            f"mkdir -p {PIDS} {LOGS} && rm -f {PIDS}/{program}.pid\n"
            f"setsid --fork /bin/sh -c {shlex.quote(begin)} sh {shlex.join(argv)} </dev/null >>{LOGS}/{program}.log 2>&1\n"
            f"until [ -s {PIDS}/{program}.pid ]; do sleep 0.02; done"
        )

    def end(self, program: str) -> None:
        """See ``Machine.end``."""
        if self.has_systemd:
            self.script(f"systemctl stop {unit(program)} 2>/dev/null; :")
            return
        self.script(
            f"pid=$(cat {PIDS}/{program}.pid 2>/dev/null) || exit 0\n"
            f'kill "$pid" 2>/dev/null; for round in $(seq 100); do [ -d "/proc/$pid" ] || break; sleep 0.05; done\n'
            f'kill -9 "$pid" 2>/dev/null; rm -f {PIDS}/{program}.pid'
        )

    def said(self, name: str, about: str = "") -> Said:
        """See ``Machine.said``."""
        way = f"ssh {self.connection.where}" + ("" if self.connection.host.user == "root" else " sudo")
        if name in OWN:
            show = f"journalctl --no-pager -o cat -u {unit(name)} -n" if self.has_systemd else f"tail {LOGS}/{name}.log -n"
            return Said(complaints(self.script(f"{show} 400 2>/dev/null; :").stdout, about), 0, f"{way} {show} 50")
        pattern = f"/var/log/pods/kube-system_{name}-{self.name}_*/{name}/[0-9]*.log"
        newest = self.script(f"ls -t {pattern} 2>/dev/null | head -2; :").stdout.split()
        if not newest:
            return Said()
        tails = [self.script(f"tail -c {TAIL_BYTES} {shlex.quote(one)}").stdout for one in newest]
        words = next(filter(None, (complaints(tail, about) for tail in tails)), "")
        starts = int(Path(newest[0]).stem.partition(".")[0]) + 1
        return Said(words, starts, f"{way} tail -50 {newest[0]}")

    def _succeeded(self, done: Completed) -> Completed:
        if done.code != 0:
            raise ProgramFailed(done, seen=f"exit status {done.code} on {self.name}")
        return done


def contents_of(printed: str) -> dict[str, str]:
    """Path → text, of files that were printed one after the other, each after a line with the boundary and its path."""
    parts = (part.partition("\n") for part in printed.split(f"{BOUNDARY} ")[1:])
    return {path: text[:-1] for path, _, text in parts}


def reached(plan: HostsPlan, machines: Mapping[str, HostMachine]) -> dict[str, HostMachine]:
    """Those hosts that can be reached; a worker that cannot is for the worker nodes to tell.

    Raises:
        Unreachable, Refused: the control node cannot.
    """

    def answers(machine: HostMachine) -> bool:
        try:
            machine.connection.open()
        except ThinkubeError:
            if machine.name == plan.control.name:
                raise
            return False
        return True

    with ThreadPoolExecutor(len(machines), thread_name_prefix="connect") as pool:
        found = pool.map(answers, machines.values())
        return {name: machine for (name, machine), is_there in zip(machines.items(), found, strict=True) if is_there}
