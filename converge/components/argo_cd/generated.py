"""What the server's own tokens are made with: a key, and the id of the one token of the account for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.components.argo_cd.server import opens
from converge.components.part import PartWithSecret
from converge.components.terms import Access, Context, Credential, GeneratedSecret


class Generated(PartWithSecret):
    """One of the two; the server reads both in ``argocd-secret`` while it runs, so nothing is restarted."""

    def __init__(self, secret: GeneratedSecret) -> None:
        self.secret = secret

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: tried by the token that these values make with those of the other."""

        def accepts(values: Mapping[str, str]) -> bool:
            return opens(context.inventory, access, values)

        return (Credential(self.secret, accepts),)
