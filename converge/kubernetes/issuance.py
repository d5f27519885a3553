"""Certificates whose issuance failed: cert-manager would try again after an hour; whoever converges asks for it at once.

Source: cert-manager v1.11.5, certificates-trigger: a Certificate with the condition Issuing is issued whatever its back-off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from converge.errors import NotReady
from converge.kubernetes.client import Api
from converge.kubernetes.objects import KubernetesObject, Ref, annotations_of
from converge.kubernetes.ready import condition, has_failed_issuance, readiness
from converge.kubernetes.wait import wait_until

KIND = "Certificate.cert-manager.io"
ISSUERS = frozenset({"Issuer", "ClusterIssuer"})
ISSUANCES = 3
"""How often a certificate is asked for before its failure counts: cert-manager 1.11 now and then signs with a key it has replaced."""

ISSUER = "cert-manager.io/issuer-name"
"""The annotation of a Secret that names who signed the certificate in it."""

OUTDATED = "a CA that is no more"
"""What `outdate` writes there."""

LOOKED_AT = "thinkube.dev/looked-at"
"""The annotation that makes cert-manager look at an issuer now."""


def ask_again(api: Api, name: str, namespace: str) -> None:
    """Have a certificate issued now, whether it is still valid or failed before; nobody waits for it here."""
    certificate = api.get(KIND, name, namespace)
    issuing = {
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "issuance asked for",
        "lastTransitionTime": _now(),
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


def reissue(api: Api, refs: Sequence[Ref], deadline_s: float) -> None:
    """Have certificates issued anew, all at once, and wait until they are.

    Raises:
        NotReady: one was not issued, also after it was asked for again.
    """
    left = list(refs)
    for _ in range(ISSUANCES):
        before = {ref: _revision(api.get(KIND, ref.name, ref.namespace)) for ref in left}
        for ref in left:
            ask_again(api, ref.name, ref.namespace)
        left = [ref for ref in left if not _is_issued(api, ref, before[ref], deadline_s)]
        if not left:
            return
    found = api.get(KIND, left[0].name, left[0].namespace)
    raise NotReady(
        f"{left[0]} issued anew",
        seen=condition(found, "Issuing").get("message", ""),
        cause=f"its issuance failed {ISSUANCES} times",
        next_command=f"kubectl describe {left[0].kubectl}",
    )


def outdate(api: Api, name: str, namespace: str) -> None:
    """Mark a Secret whose Certificate is gone: one that comes again has another certificate issued instead of taking this for its own.

    Source: cert-manager v1.11.5, internal/controller/certificates/policies (the issuer on the Secret is not the Certificate's).
    """
    api.patch("Secret", name, namespace, {"metadata": {"annotations": {ISSUER: OUTDATED}}})


def outdated(api: Api, certificates: Iterable[KubernetesObject]) -> list[Ref]:
    """Those of some Certificates whose Secrets bear that mark: they would be called Ready by them until the next one is issued."""
    found = ((obj, api.find("Secret", obj["spec"]["secretName"], obj["metadata"]["namespace"])) for obj in certificates)
    return [Ref.of(obj) for obj, secret in found if secret and annotations_of(secret).get(ISSUER) == OUTDATED]


def wake_issuers(api: Api, objects: Iterable[KubernetesObject]) -> None:
    """Have cert-manager look at issuers that are not ready now: after failures it looks again only after 5 s to 5 min.

    Source: cert-manager v1.11.5, pkg/controller/clusterissuers: a change of its Secret waits as well, one of the issuer does not.
    """
    for ref in map(Ref.of, objects):
        seen = api.find(ref.kind, ref.name, ref.namespace, api_version=ref.api_version) if ref.kind in ISSUERS else None
        if seen and seen.get("status") and not readiness(seen).is_ready:
            api.patch(ref.group_kind, ref.name, ref.namespace, {"metadata": {"annotations": {LOOKED_AT: _now()}}})


def _is_issued(api: Api, ref: Ref, revision: int, deadline_s: float) -> bool:
    """Whether an issuance that was asked for succeeds; False where it fails."""

    def is_over(seen: KubernetesObject | None) -> bool:
        if seen is None or condition(seen, "Issuing").get("status") == "True":
            return False
        return has_failed_issuance(seen) or (_revision(seen) > revision and readiness(seen).is_ready)

    return not has_failed_issuance(wait_until(api, ref, is_over, deadline_s, wanted=f"{ref} issued anew"))


def _revision(certificate: KubernetesObject) -> int:
    return int((certificate.get("status") or {}).get("revision") or 0)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
