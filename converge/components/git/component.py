"""The platform's Git server: repositories that components take their source from, over SSH with keys and HTTPS with tokens.

Debian's git, sshd and lighttpd, without privileges and with one account; who may do what in which repository is said by grants, each
of one component (`repository`). Where a team has a Git server of its own, components may be given that one's addresses instead.
Source: git-http-backend(1), sshd_config(5), and images/recipes/git, which is the platform's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.git.host_key import HostKey
from converge.components.git.repository import GitRepository
from converge.components.part import Part
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.volume import Volume
from converge.inventory import Inventory


class Git(Component):
    """CORE-009: the source that Argo CD delivers from."""

    name = "git"
    issue = "CORE-009"
    namespace = "git"
    called = "the Git server"
    keeps = "commits"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``; the repository ``platform`` is the operators' own."""
        volume, host_key = Volume(self, "5Gi"), HostKey(self)
        web = WebHost(self, port="http", purpose="api", page="/healthy")
        server = Manifests(self, images=["git"], volume=volume, host_key=host_key)
        return volume, host_key, server, web, GitRepository(self, name="platform", may="write")
