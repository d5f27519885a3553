"""cert-manager keeps the authority that everybody trusts, and what it has issued."""

from __future__ import annotations

from converge.engine.platform import Platform
from steps.certificates import hosts_certified, issuers_ready
from steps.keepsakes import Check, keepsake


@keepsake("cert-manager")
def certificates(platform: Platform) -> Check:
    trusted = platform.ca_pem()

    def find() -> None:
        issuers_ready(platform)
        hosts_certified(platform, "ingress")
        assert platform.ca_pem() == trusted, "another authority than before"

    return find
