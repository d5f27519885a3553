"""The Kubernetes API server accepts the realm's ID tokens.

Source: Kubernetes documentation, "Authenticating: using authentication configuration" (apiserver.config.k8s.io/v1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from converge.components.differences import differences
from converge.components.keycloak.realm import issuer
from converge.components.terms import Access, Context, Difference

CLIENT = "kubernetes"
"""The client whose ID tokens the API server accepts."""

PREFIX = "oidc:"
"""Stands before user and group names, so that no token can be taken for ``system:masters``."""


class KubernetesLogin:
    """The API server's authentication configuration names the realm as the issuer of people's tokens."""

    subject = "API server authentication"
    within = ""

    def __init__(self, context: Context, access: Access) -> None:
        self._context = context
        self._cluster = access.cluster

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``; where the provider cannot tell, nothing can be said."""
        text = self._cluster().read_authentication()
        if not text:
            return ()
        issuers = yaml.safe_load(text).get("jwt") or [{}]
        return differences(self.subject, self._wanted()["jwt"][0], issuers[0])

    def write(self) -> None:
        """See ``Setting.write``; the API server reloads the file by itself."""
        self._cluster().write_authentication(self.text())

    def text(self) -> str:
        """The API server's AuthenticationConfiguration as it should be, as YAML; for clusters whose owner has to write it."""
        return yaml.safe_dump(self._wanted(), sort_keys=False)

    def is_there(self) -> bool:
        """See ``Removable.is_there``: whether the API server believes any issuer."""
        text = self._cluster().read_authentication()
        return bool(text and yaml.safe_load(text).get("jwt"))

    def remove(self) -> None:
        """See ``Removable.remove``: the API server then accepts no token of anybody else's, as before the first converge."""
        self._cluster().write_authentication(yaml.safe_dump(self._document([]), sort_keys=False))

    def _wanted(self) -> Mapping[str, Any]:
        inventory = self._context.inventory
        claims = {"username": "preferred_username", "groups": "groups"}
        trust = {"certificateAuthority": self._context.ca_pem()} if inventory.issuer.kind == "private-ca" else {}
        login = {
            "issuer": {"url": issuer(inventory), "audiences": [CLIENT], "audienceMatchPolicy": "MatchAny", **trust},
            "claimValidationRules": [{"expression": 'claims.typ == "ID"', "message": "only ID tokens are accepted"}],
            "claimMappings": {name: {"claim": claim, "prefix": PREFIX} for name, claim in claims.items()} | {"uid": {"claim": "sub"}},
        }
        return self._document([login])

    @staticmethod
    def _document(issuers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration", "jwt": list(issuers)}
