"""Generated SSH keys are what OpenSSH takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from converge import ssh_keys
from converge.process import run
from converge.redaction import redact


def test_two_keys_are_two_and_a_public_half_is_its_own() -> None:
    one, other = ssh_keys.make(), ssh_keys.make()
    assert ssh_keys.public(one) == ssh_keys.public(one) != ssh_keys.public(other)
    assert ssh_keys.public(one).startswith("ssh-ed25519 AAAA")


def test_a_private_key_is_redacted() -> None:
    key = ssh_keys.make()
    assert key.splitlines()[1] not in redact(f"stdin was {key}")


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH reads it")
def test_openssh_reads_it(tmp_path: Path) -> None:
    file, key = tmp_path / "key", ssh_keys.make()
    file.touch(0o600)
    file.write_text(key)
    assert run(["ssh-keygen", "-y", "-f", file]).stdout.strip() == ssh_keys.public(key)
