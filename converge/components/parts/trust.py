"""Certificates of the platform's CA, and the CA for those who have to trust them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Literal

from converge.components.part import Owner, Part
from converge.components.terms import Context, KubernetesObject

CA = "thinkube-ca"
"""The ClusterIssuer that signs with the platform's CA, and the Secret that holds that."""


class CaBundle(Part):
    """ConfigMap ``<name>`` with ``ca.crt``, which follows another CA by itself.

    Pods whose programs read it only at their start take ``annotations: {{ trusting() }}`` in their template. ``kind`` is "Secret" for a
    product that takes certificates from nowhere else, though there is nothing to hide.
    """

    requires = ("cert-manager",)

    def __init__(self, owner: Owner, *, name: str = "platform-ca", kind: Literal["ConfigMap", "Secret"] = "ConfigMap") -> None:
        self.name = name
        self._kind = kind
        self._namespace = owner.namespace

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        metadata = {"name": self.name, "namespace": self._namespace}
        pem = context.ca_pem()
        text = base64.b64encode(pem.encode()).decode() if self._kind == "Secret" else pem
        return ({"apiVersion": "v1", "kind": self._kind, "metadata": metadata, "data": {"ca.crt": text}},)


class ServerCertificate(Part):
    """A certificate of the platform's CA for names inside the cluster, in Secret ``<owner>-tls`` (``tls.crt``, ``tls.key``, ``ca.crt``).

    ``ServerCertificate(self, hosts=["wiki.wiki.svc"])``; ``usages`` say what else it is good for than serving, ``encoding`` how the key
    is written, where a product takes only "PKCS8". The first host is its ``subject`` too.
    """

    requires = ("cert-manager",)

    def __init__(
        self, owner: Owner, hosts: Sequence[str], *, name: str = "", usages: Sequence[str] = ("server auth",), encoding: str = ""
    ) -> None:
        self.name = name or owner.name
        self.secret_name = f"{self.name}-tls"
        self._namespace = owner.namespace
        self._hosts = list(hosts)
        self.subject = hosts[0]
        self._usages = list(usages)
        self._encoding = {"encoding": encoding} if encoding else {}

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        spec = {
            "secretName": self.secret_name,
            "duration": "8760h",
            "commonName": self.subject,
            "dnsNames": self._hosts,
            "usages": self._usages,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"} | self._encoding,
            "issuerRef": {"kind": "ClusterIssuer", "name": CA},
        }
        metadata = {"name": self.name, "namespace": self._namespace}
        return ({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": metadata, "spec": spec},)
