"""The Debian that test hosts begin with: installed once by mmdebstrap, kept in the cache, named by what is in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from converge.places import cache_folder
from converge.process import run

SUITE = "bookworm"
PACKAGES = (
    *("systemd-sysv", "libpam-systemd", "dbus", "openssh-server", "sudo", "iproute2", "iptables", "kmod", "procps", "ca-certificates"),
    *("bash", "zsh", "fish", "iputils-ping", "passwd", "login", "libseccomp2", "conntrack", "libfaketime"),
)
FORM = "3"
"""Raised when what `_finish` does changes."""

PEOPLE = {
    "owner": "owner ALL=(ALL) NOPASSWD: ALL",
    "typist": "typist ALL=(ALL) ALL",
    "guest": "",
}
"""User → what sudo lets them do; their password is `PASSWORD`, but over SSH only keys are accepted."""
PASSWORD = "a-test-hosts-password"


def folder() -> Path:
    """The installed system, made where it is absent."""
    key = hashlib.sha256("\n".join((FORM, SUITE, *PACKAGES, *PEOPLE, *PEOPLE.values())).encode()).hexdigest()[:12]
    shelf = cache_folder() / "test-hosts"
    shelf.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(shelf, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        made = shelf / key
        if not made.exists():
            for left in shelf.iterdir():
                shutil.rmtree(left)
            draft = shelf / f"{key}.new"
            options = ["--variant=minbase", "--quiet", f"--include={','.join(PACKAGES)}"]
            run(["mmdebstrap", *options, SUITE, draft], timeout_s=1200, builds=True)
            _finish(draft)
            draft.rename(made)
        return made
    finally:
        os.close(descriptor)


def _finish(root: Path) -> None:
    for name, rights in PEOPLE.items():
        run(["chroot", root, "useradd", "--create-home", "--shell=/bin/bash", name])
        run(["chroot", root, "chpasswd"], stdin=f"{name}:{PASSWORD}\n")
        if rights:
            (root / f"etc/sudoers.d/{name}").write_text(rights + "\n")
    for left in (root / "etc/ssh").glob("ssh_host_*"):
        left.unlink()
    (root / "etc/ssh/sshd_config.d/test.conf").write_text("PasswordAuthentication no\nUseDNS no\n")
    # What would speak to devices that a test host has not.
    for unit in ("systemd-udevd", "systemd-modules-load", "getty@tty1", "console-getty", "systemd-resolved", "systemd-timesyncd"):
        (root / f"etc/systemd/system/{unit}.service").symlink_to("/dev/null")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")  # nobody answers there, and that is said at once
    (root / "etc/machine-id").write_text("")
