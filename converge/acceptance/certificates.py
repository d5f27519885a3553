"""Certificates as cert-manager keeps them: issued, renewed on demand, asked for by an Ingress, refused when they make no sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converge import authority, tls
from converge.components.cert_manager.component import CA
from converge.kubernetes import issuance
from converge.kubernetes.issuance import KIND
from converge.kubernetes.objects import KubernetesObject, Ref

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from converge.kubernetes.client import Api

ISSUER_ANNOTATION = "cert-manager.io/cluster-issuer"
API_VERSION = "cert-manager.io/v1"


def request(name: str, hosts: list[str]) -> KubernetesObject:
    """A Certificate of the platform's CA, kept in the Secret of the same name."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Certificate",
        "metadata": {"name": name},
        "spec": {
            "secretName": name,
            "dnsNames": hosts,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"kind": "ClusterIssuer", "name": CA},
        },
    }


def is_ready(obj: KubernetesObject | None) -> bool:
    """Whether cert-manager says that an issuer or a Certificate is ready."""
    conditions = obj.get("status", {}).get("conditions", []) if obj else []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def is_issued(certificate: KubernetesObject | None) -> bool:
    """Whether a Certificate is ready and no other one is on its way."""
    conditions = certificate.get("status", {}).get("conditions", []) if certificate else []
    return is_ready(certificate) and not any(condition["type"] == "Issuing" and condition["status"] == "True" for condition in conditions)


def issued(api: Api, name: str, namespace: str, deadline_s: float) -> Certificate:
    """The certificate of a Certificate object, once it has been issued."""
    from converge.kubernetes.wait import wait_until

    certificate = wait_until(api, Ref("Certificate", name, namespace, API_VERSION), is_issued, deadline_s, wanted="issued")
    return tls.from_secret(api.get("Secret", certificate["spec"]["secretName"], namespace))


def renew(api: Api, name: str, namespace: str, deadline_s: float) -> None:
    """Have a certificate issued anew although it is still valid, as its owner would after a key was lost, and wait for the new one."""
    from converge.kubernetes.wait import wait_until

    revision = api.get(KIND, name, namespace)["status"].get("revision", 0)
    issuance.ask_again(api, name, namespace)

    def renewed(seen: dict[str, Any] | None) -> bool:
        return is_issued(seen) and seen is not None and seen["status"].get("revision", 0) > revision

    wait_until(api, Ref("Certificate", name, namespace, API_VERSION), renewed, deadline_s, wanted="renewed")


def another_ca() -> str:
    """The certificate, as PEM text, of a CA that signed nothing here."""
    return authority.make("another CA").certificate
