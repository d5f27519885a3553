"""Where the platform's Git server is, and how it is administered."""

from __future__ import annotations

from converge import ssh_keys
from converge.apis.git import GitServer
from converge.components.terms import Access
from converge.inventory import Inventory

NAMESPACE = "git"
POD = (NAMESPACE, "git-0/ssh")
HOST = "git.git.svc"
"""Where SSH is, inside the cluster only; HTTPS goes through the ingress."""

HOST_KEY_SECRET = "git-host-key"  # noqa: S105 (a name)
KEY = "ssh-privatekey"


def url(inventory: Inventory, repository: str) -> str:
    """``https://git.thinkube.test/docs.git``."""
    return f"https://{inventory.host('git')}/{repository}.git"


def ssh_url(repository: str) -> str:
    """``ssh://git@git.git.svc/docs.git``."""
    return f"ssh://git@{HOST}/{repository}.git"


def server(access: Access) -> GitServer:
    """The server, through the program inside its pod."""
    return GitServer(lambda argv, stdin: access.execute(*POD, argv, stdin))


def known_hosts(access: Access) -> str:
    """What a client of SSH trusts: ``git.git.svc ssh-ed25519 AAAA…``."""
    return f"{HOST} {ssh_keys.public(access.secret(NAMESPACE, HOST_KEY_SECRET, KEY))}\n"
