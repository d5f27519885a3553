"""What keeps us from a host, told from the words of OpenSSH's client and of sudo.

Source: OpenSSH 9.2 (sshconnect.c, clientloop.c, mux.c), sudo 1.9; both speak English under LC_ALL=C.UTF-8.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from converge.errors import Refused, ThinkubeError, Unreachable

if TYPE_CHECKING:
    from converge.inventory.model import SshHost

_CONNECTION = re.compile(
    r"^ssh: |Host key verification failed|Permission denied|Connection (?:closed|reset|refused|timed out)|Broken pipe|mux_client"
    r"|client_loop|Timeout, server|kex_exchange|Control socket|Connection to \S+ (?:closed|port)|^banner exchange|Too many authentication",
    re.MULTILINE,
)
_SUDO = re.compile(
    r"^sudo: .*|^Sorry, .*|^\S+ is not in the sudoers file.*|^/bin/sh: .*sudo: .*not found|^.*sudo: command not found", re.MULTILINE
)


def is_of_connection(words: str) -> bool:
    """Whether it is the client that speaks, not the program on the host."""
    return bool(_CONNECTION.search(words))


def of_sudo(words: str) -> str:
    """What sudo refused with, "" where it did not speak."""
    found = _SUDO.findall(words)
    return found[-1].strip() if found else ""


def of(host: SshHost, words: str) -> ThinkubeError:
    """The error for what the client said of a host."""
    wanted, port = f"host {host.name} at {host.address} reached over SSH", "" if host.port == 22 else f"-p {host.port} "
    said = [line.strip() for line in words.splitlines() if line.strip() and not line.startswith(("@", "Warning:"))]
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in words or ("Host key verification failed" in words and host.host_key is not None):
        expected = "nodes.hosts[].host_key" if host.host_key is not None else "known_hosts"
        return Refused(
            wanted,
            seen=f"it shows another host key than {expected} has",
            cause="the machine was installed anew, or another one answers at its address; compare the fingerprints on its console",
            next_command=f"ssh-keyscan {port}{host.address} | ssh-keygen -lf -",
        )
    if "Host key verification failed" in words or "host key is known" in words:
        return Refused(
            wanted,
            seen="its host key is not known here",
            cause="compare it with the fingerprint on the machine's console, then let known_hosts or nodes.hosts[].host_key have it",
            next_command=f"ssh-keyscan {port}{host.address} | ssh-keygen -lf -",
        )
    if "Permission denied" in words or "Too many authentication" in words:
        key = f"the key {host.key_file}" if host.key_file else "no key of the agent or of ~/.ssh"
        verb = "is not accepted" if host.key_file else "is accepted"
        return Refused(
            wanted,
            seen=f"{key} {verb} for user {host.user}",
            cause="the user's ~/.ssh/authorized_keys on the host has to have the public key",
            next_command=f"ssh-copy-id {port}{f'-i {host.key_file} ' if host.key_file else ''}{host.user}@{host.address}",
        )
    return Unreachable(
        wanted,
        seen=re.sub(r"^ssh: (?:connect to host \S+ port \d+: )?", "", said[-1] if said else "the connection ended"),
        cause="it is switched off, has another address, or a firewall is between",
        next_command=f"ssh {port}{host.user}@{host.address} true",
    )
