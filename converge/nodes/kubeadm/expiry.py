"""How long certificates still live: kubeadm's, the credentials made of them, and the kubelets' own.

They are read on every run, so without the library for certificates, whose import alone takes longer.
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from converge.nodes.kubeadm.configuration import SERVING
from converge.nodes.kubeadm.machine import Machine
from converge.nodes.kubeadm.plan import Member, Plan

ETC = "/etc/kubernetes"
CAS = tuple(f"{ETC}/pki/{name}.crt" for name in ("ca", "front-proxy-ca", "etcd/ca"))
CERTIFICATES = {
    name: f"{ETC}/pki/{name}.crt"
    for name in (
        "apiserver", "apiserver-etcd-client", "apiserver-kubelet-client", "etcd/healthcheck-client", "etcd/peer", "etcd/server",
        "front-proxy-client",
    )
}  # fmt: skip
CREDENTIALS = {name: f"{ETC}/{name}.conf" for name in ("admin", "super-admin", "controller-manager", "scheduler")}
KUBELET = f"{ETC}/kubelet.conf"
KUBELET_CURRENT = "/var/lib/kubelet/pki/kubelet-client-current.pem"
SERVING_CERTIFICATE = f"{SERVING}.crt"
_PATHS = (*CERTIFICATES.values(), *CREDENTIALS.values())
SIGNED = timedelta(days=365)
"""How long the controller manager lets the certificates of kubelets live."""
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_DATA = re.compile(r"client-certificate-data:\s*(\S+)")
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


def due(plan: Plan, machines: Mapping[str, Machine], now: datetime | None = None) -> list[Certificate]:
    """The certificates of the control plane that a start renews: kubeadm's, and the kubelets' serving ones."""
    control = machines[plan.control.name].read(*CAS, *_PATHS)
    return _due(control, [*control_plane(control), *serving(machines)], plan.certificates, now)


def kubelet_is_due(plan: Plan, machines: Mapping[str, Machine], node: Member, now: datetime | None = None) -> bool:
    """Whether a kubelet that starts now should get new credentials: a running one renews its own."""
    authorities = machines[plan.control.name].read(*CAS)
    return bool(_due(authorities, kubelet(machines[node.name], node), min(plan.certificates, SIGNED), now))


def control_plane(files: Mapping[str, str]) -> Iterator[Certificate]:
    """Every certificate that kubeadm renews, of the control node's files."""
    for name, path in CERTIFICATES.items():
        if path in files:
            yield Certificate(name, ends(files[path]))
    for name, path in CREDENTIALS.items():
        yield Certificate(f"{name}.conf", ends(_in_kubeconfig(files.get(path, ""))))


def serving(machines: Mapping[str, Machine]) -> list[Certificate]:
    """What each kubelet serves with, where it has been made."""
    with ThreadPoolExecutor(len(machines), thread_name_prefix="look") as pool:
        found = pool.map(lambda machine: machine.read(SERVING_CERTIFICATE).get(SERVING_CERTIFICATE), machines.values())
        return [Certificate(f"serving of {name}", ends(text)) for name, text in zip(machines, found, strict=True) if text]


def kubelet(machine: Machine, node: Member) -> list[Certificate]:
    """What a kubelet shows to the API server; nothing where it has not joined."""
    files = machine.read(KUBELET, KUBELET_CURRENT)
    if KUBELET not in files:
        return []
    text = files.get(KUBELET_CURRENT) or _in_kubeconfig(files[KUBELET])
    return [Certificate(f"kubelet of {node.name}", ends(text) if text else datetime.min.replace(tzinfo=UTC))]


def ends(text: str) -> datetime:
    """When the first certificate of a PEM text ends."""
    found = _PEM.search(text)
    match = _VALIDITY.search(ssl.PEM_cert_to_DER_cert(found.group())) if found else None
    if match is None:
        raise ValueError("no certificate")
    short, long = match[3], match[4]
    digits = long.decode() if long else ("19" if int(short[:2]) >= 50 else "20") + short.decode()
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _due(authorities: Mapping[str, str], certificates: Iterable[Certificate], lasts: timedelta, now: datetime | None) -> list[Certificate]:
    now = now or datetime.now(UTC)
    ca_ends = min(ends(authorities[path]) for path in CAS)  # with the first of them everything ends that it signed
    return [one for one in certificates if one.is_due(lasts, ca_ends, now)]


def _in_kubeconfig(text: str) -> str:
    match = _DATA.search(text)
    return base64.b64decode(match[1]).decode() if match else ""
