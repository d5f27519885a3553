"""A repository for a component that takes its source from Git, or keeps something there: the part "Git source"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from converge.apis.git import opens_with_token
from converge.components.git.repository_settings import GrantItself, RepositoryItself
from converge.components.git.server import KEY, NAMESPACE, server, ssh_url, url
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting


class GitRepository(PartWithSecret):
    """A repository, and a deploy key and a token of the component's for it: ``GitRepository(self, may="write")``.

    Several components may name the same one (``name``), each with a key of its own. Clone ``ssh_url`` inside the cluster with
    ``ssh-privatekey`` of ``secret``, or ``url`` from everywhere with its ``username`` and ``password``; `KnownHosts` is whom to trust.
    A second key for a repository that another part of the component asks for is ``shared``.
    """

    uses = "repository"
    requires = ("git",)

    def __init__(self, owner: Owner, *, name: str = "", may: Literal["read", "write"] = "read", shared: bool = False) -> None:
        self.name = name or owner.name
        self.url = url(owner.inventory, self.name)
        self.ssh_url = ssh_url(self.name)
        self._grant = owner.name if self.name == owner.name else f"{owner.name}-{self.name}"
        keys = {"username": f"={self._grant}", "password": "password", KEY: "ssh-key"}
        self.secret = GeneratedSecret(owner.namespace, f"{self._grant}-git", keys)
        self._may = may
        self._is_shared = shared
        self._is_servers_own = owner.namespace == NAMESPACE

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        return () if self._is_servers_own else self._held(access)

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``: the server's own repositories can only be there after the server."""
        return self._held(access) if self._is_servers_own else ()

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: a setting tells the server."""

        def accepts(values: Mapping[str, str]) -> bool:
            if server(access).opens_with_key(values[KEY]):
                return True
            return opens_with_token(access.http, self.url, values["username"], values["password"])

        return (Credential(self.secret, accepts),)

    def _held(self, access: Access) -> Sequence[Setting]:
        grant = GrantItself(self._grant, self.name, self._may, self.secret, access)
        return (grant,) if self._is_shared else (RepositoryItself(self.name, access), grant)
