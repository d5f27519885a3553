"""Certificates whose issuance failed: cert-manager would try again after an hour; whoever converges asks for it at once.

Source: cert-manager v1.11.5, certificates-trigger: a Certificate with the condition Issuing is issued whatever its back-off.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from converge.kubernetes.client import Api
from converge.kubernetes.objects import Ref
from converge.kubernetes.ready import has_failed_issuance

KIND = "Certificate.cert-manager.io"


def ask_again(api: Api, name: str, namespace: str) -> None:
    """Have a certificate issued now, whether it is still valid or failed before; nobody waits for it here."""
    certificate = api.get(KIND, name, namespace)
    issuing = {
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "issuance asked for",
        "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    others = [condition for condition in certificate.get("status", {}).get("conditions", []) if condition["type"] != "Issuing"]
    api.patch(KIND, name, namespace, {"status": {"conditions": [*others, issuing]}}, subresource="status")


def failed_issuances(api: Api, refs: Iterable[Ref]) -> list[Ref]:
    """Those of some objects that are Certificates whose last issuance failed."""
    return [
        ref
        for ref in refs
        if ref.kind == "Certificate" and (seen := api.find(KIND, ref.name, ref.namespace)) is not None and has_failed_issuance(seen)
    ]
