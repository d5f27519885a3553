"""A listener hears what is published, in the order of what the client says: nothing is counted or slept for."""

import os
import secrets
import subprocess
from types import SimpleNamespace

import pytest
from hanging import HANG_S

from converge.components.valkey import consumers

CLIENT = """#!/bin/sh
case "$*" in
*SUBSCRIBE*)
  printf 'subscribe\\nchannel\\n1\\n'
  read -r message < "$0.sent"
  printf 'message\\nchannel\\n%s\\n' "$message"
  exec sleep 600;; # the real one listens on as well
*PUBLISH*) { cat; echo; } > "$0.sent";;
esac
"""


@pytest.fixture
def access(tmp_path):
    """A server's pod in which the client is a script."""
    client = tmp_path / "valkey-cli"
    client.write_text(CLIENT)
    client.chmod(0o755)
    os.mkfifo(f"{client}.sent")
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def execute(namespace, pod, argv, stdin):
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=True, env=path, timeout=HANG_S).stdout

    return SimpleNamespace(execute=execute)


def test_a_listener_hears_what_is_published(access):
    message = 'Grüße, "Welt" \\ '
    assert consumers.publish(access, f"throw-away:{secrets.token_hex(4)}", message) == message.strip()
