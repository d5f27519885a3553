"""The platform's CA, kept in one Secret: what signs now, and beside it what is trusted too while one CA follows another.

Keys of the Secret: ``tls.crt`` and ``tls.key`` sign (the ClusterIssuer reads them). During ``thinkube certificates rotate-ca`` the next one
lies beside them (``next.crt``, ``next.key``), afterwards the one before (``previous.crt``), until nothing is signed by it any more.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from converge import authority
from converge.authority import Authority
from converge.components.differences import absent
from converge.components.parts.trust import CA as CA
from converge.components.terms import Access, Context, Difference
from converge.errors import Refused
from converge.inventory.model import PrivateCa
from converge.kubernetes.client import Api
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.objects import KubernetesObject, labels_of
from converge.kubernetes.retention import GENERATED

NAMESPACE = "cert-manager"

SUBJECT = "the platform's CA"
RENEWED_BEFORE = timedelta(days=365)
NEXT, PREVIOUS = "next", "previous"


class PlatformCa:
    """There is a CA that can sign: the inventory's, or one that was made once and is kept.

    It is renewed with its own key a year before it expires, so what it has signed stays valid. One that the inventory names waits for its
    turn while a rotation to it is under way.
    """

    subject = SUBJECT

    def __init__(self, context: Context, access: Access) -> None:
        self._given = given(context)
        self._name = f"{context.inventory.domain_name} CA"
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        secret = find(self._access.api())
        if secret is None:
            return absent(self.subject)
        current = signing(secret)
        if current is None or (reason := authority.fault(current)):
            seen = "nothing usable" if current is None else reason
            return (Difference(self.subject, "certificate and key", wanted="a CA that can sign", seen=seen),)
        there = authority.certificates(current.certificate)
        if self._given and self._given not in (current, signing(secret, NEXT)):
            (wanted, *_) = authority.certificates(self._given.certificate)
            return (Difference(self.subject, "certificate", wanted=authority.describe(wanted), seen=authority.describe(there[0])),)
        if not self._given and there[0].not_valid_after_utc - datetime.now(UTC) < RENEWED_BEFORE:
            return (Difference(self.subject, "expires", wanted="in more than a year", seen=f"{there[0].not_valid_after_utc:%Y-%m-%d}"),)
        return ()

    def write(self) -> None:
        """See ``Setting.write``.

        Raises:
            Refused: a Secret of that name is somebody else's.
        """
        api = self._access.api()
        secret = find(api)
        if secret is None:
            made = self._given or authority.make(self._name)
            labels = {GENERATED: "true", COMPONENT: "cert-manager"}
            metadata = {"name": CA, "namespace": NAMESPACE, "labels": labels}
            api.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": _data(made)})
            return
        if GENERATED not in labels_of(secret):
            raise Refused(
                f"Secret {NAMESPACE}/{CA} for {self.subject}",
                seen="it exists and is not one that was generated here",
                next_command=f"kubectl get secret {CA} -n {NAMESPACE} -o yaml",
            )
        current = signing(secret)
        usable = current if current and not authority.fault(current) else None
        made = self._given or (authority.renewed(usable) if usable else authority.make(self._name))
        change(api, _data(made))


def given(context: Context) -> Authority | None:
    """The CA that the inventory names."""
    issuer = context.inventory.issuer
    return issuer.authority() if isinstance(issuer, PrivateCa) else None


def find(api: Api) -> KubernetesObject | None:
    """The Secret."""
    return api.find("Secret", CA, NAMESPACE)


def signing(secret: KubernetesObject, prefix: str = "tls") -> Authority | None:
    """What signs, or (``next``) what will; None where the Secret does not hold both halves."""
    certificate, key = (_text(secret, f"{prefix}.{half}") for half in ("crt", "key"))
    return Authority(certificate, key) if certificate and key else None


def bundle(secret: KubernetesObject | None) -> str:
    """What clients have to trust, as PEM text: the root of the CA that signs, then of the next and of the previous one; "" without any."""
    texts = (_text(secret or {}, f"{prefix}.crt") for prefix in ("tls", NEXT, PREVIOUS))
    try:
        roots = [authority.root(text) for text in texts if text]
    except ValueError:
        return ""
    return "".join(dict.fromkeys(roots))


def trusted(secret: KubernetesObject | None, prefix: str) -> str:
    """The certificate of the CA that signs (``tls``), of the ``next`` or of the ``previous`` one, as PEM text; "" where there is none."""
    return _text(secret or {}, f"{prefix}.crt")


def change(api: Api, data: dict[str, str | None]) -> None:
    """Give keys of the Secret other values, all at once; None removes one."""
    api.patch("Secret", CA, NAMESPACE, {"data": data})


def put(api: Api, made: Authority) -> None:
    """Let another CA sign from now on, at once; nobody is told beforehand."""
    change(api, _data(made))


def begin(api: Api, following: Authority) -> None:
    """Let it be trusted beside the one that signs."""
    change(api, _data(following, NEXT))


def swap(api: Api, secret: KubernetesObject) -> None:
    """Let the next one sign; the one before stays trusted."""
    data = secret["data"]
    names = {"tls.crt": data[f"{NEXT}.crt"], "tls.key": data[f"{NEXT}.key"], f"{PREVIOUS}.crt": data["tls.crt"]}
    change(api, {**names, f"{NEXT}.crt": None, f"{NEXT}.key": None})


def leave(api: Api) -> None:
    """Trust the previous one no longer."""
    change(api, {f"{PREVIOUS}.crt": None})


def phase(secret: KubernetesObject | None) -> str:
    """How far a rotation is: ``next`` (both are trusted), ``previous`` (the new one signs), "" (none is under way)."""
    data = (secret or {}).get("data") or {}
    return next((prefix for prefix in (NEXT, PREVIOUS) if f"{prefix}.crt" in data), "")


def _data(made: Authority, prefix: str = "tls") -> dict[str, str | None]:
    halves = {"crt": made.certificate, "key": made.key}
    return {f"{prefix}.{half}": base64.b64encode(text.encode()).decode() for half, text in halves.items()}


def _text(secret: KubernetesObject, key: str) -> str:
    try:
        return base64.b64decode((secret.get("data") or {}).get(key, "")).decode()
    except ValueError:
        return ""
