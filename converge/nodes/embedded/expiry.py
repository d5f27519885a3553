"""How long certificates still live: kubeadm's, the credentials made of them, and the kubelets' own.

They are read on every run, so without the library for certificates, whose import alone takes longer.
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from converge.nodes.embedded.layout import EmbeddedNode, Layout

CREDENTIALS = ("admin", "super-admin", "controller-manager", "scheduler")
KUBELET_CURRENT = "var/lib/kubelet/pki/kubelet-client-current.pem"
SIGNED = timedelta(days=365)
"""How long the controller manager lets the certificates of kubelets live."""
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_DATA = re.compile(rb"client-certificate-data:\s*(\S+)")
_TIME = rb"(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)"
_VALIDITY = re.compile(_TIME + _TIME)
"""Two times in a row stand in a certificate only where its validity is; the first is UTCTime (two digits of the year) or longer."""


@dataclass(frozen=True)
class Certificate:
    """One certificate of the cluster: ``Certificate("apiserver", ends)``."""

    name: str
    ends: datetime

    def is_due(self, lasts: timedelta, ca_ends: datetime, now: datetime) -> bool:
        """Whether less than a third of the life that is given to it is left, and its CA lives long enough for a better one."""
        return self.ends - now < lasts / 3 and self.ends < min(now + lasts, ca_ends)


def due(layout: Layout, now: datetime | None = None) -> list[Certificate]:
    """The certificates of the control plane that a start renews: kubeadm's, and the kubelets' serving ones."""
    return _due(layout, control_plane(layout), now)


def kubelet_is_due(layout: Layout, node: EmbeddedNode, now: datetime | None = None) -> bool:
    """Whether a kubelet that starts now should get new credentials: a running one renews its own."""
    return bool(_due(layout, kubelet(node), now, min(layout.certificates, SIGNED)))


def ends_of_ca(layout: Layout) -> datetime:
    """When the first of the cluster's CAs ends; with it everything that it signed."""
    return min(ends((pki(layout) / name).read_bytes()) for name in ("ca.crt", "front-proxy-ca.crt", "etcd/ca.crt"))


def pki(layout: Layout) -> Path:
    """kubeadm's folder of certificates."""
    return layout.control.root / "etc/kubernetes/pki"


def control_plane(layout: Layout) -> Iterator[Certificate]:
    """Every certificate that kubeadm renews, and the serving certificates of the kubelets."""
    folder = pki(layout)
    for path in sorted((*folder.glob("*.crt"), *folder.glob("etcd/*.crt"))):
        if not path.stem.endswith("ca"):
            yield Certificate(str(path.relative_to(folder).with_suffix("")), ends(path.read_bytes()))
    for name in CREDENTIALS:
        yield Certificate(f"{name}.conf", ends(_in_kubeconfig(folder.parent / f"{name}.conf")))
    for node in layout.nodes:
        if (one := serving(node)) is not None:
            yield one


def serving(node: EmbeddedNode) -> Certificate | None:
    """What a kubelet serves with; None where it has not been made."""
    path = node.root / "var/lib/kubelet/pki/serving.crt"
    return Certificate(f"serving of {node.name}", ends(path.read_bytes())) if path.exists() else None


def kubelet(node: EmbeddedNode) -> Iterator[Certificate]:
    """What a kubelet shows to the API server; nothing where it has not joined."""
    conf, current = node.root / "etc/kubernetes/kubelet.conf", node.root / KUBELET_CURRENT
    if conf.exists():
        own = current.parent / Path(current.readlink()).name if current.is_symlink() else None
        data = own.read_bytes() if own is not None and own.exists() else _in_kubeconfig(conf)
        yield Certificate(f"kubelet of {node.name}", ends(data) if data else datetime.min.replace(tzinfo=UTC))


def ends(data: bytes) -> datetime:
    """When the first certificate of a PEM text ends."""
    found = _PEM.search(data)
    match = _VALIDITY.search(ssl.PEM_cert_to_DER_cert(found.group().decode())) if found else None
    if match is None:
        raise ValueError("no certificate")
    short, long = match[3], match[4]
    digits = long.decode() if long else ("19" if int(short[:2]) >= 50 else "20") + short.decode()
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _due(layout: Layout, certificates: Iterator[Certificate], now: datetime | None, lasts: timedelta | None = None) -> list[Certificate]:
    now = now or datetime.now(UTC)
    ca_ends = ends_of_ca(layout)
    return [one for one in certificates if one.is_due(lasts or layout.certificates, ca_ends, now)]


def _in_kubeconfig(path: Path) -> bytes:
    match = _DATA.search(path.read_bytes()) if path.exists() else None
    return base64.b64decode(match[1]) if match else b""
