"""The proxies of this machine's owner: package registries, published images and a foreign API server are reached through them.

What is ours is never: the nodes' addresses and the platform's domain. So nothing here is asked for those, and no program that talks to
them is told. ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` are understood in either case, the lower one first.
"""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


def proxy(url: str) -> str:
    """The proxy that leads to a URL: ``"http://proxy.example:3128"``, "" where the way is direct.

    This machine itself (``localhost``, 127.0.0.0/8) is never asked for through one.
    """
    parts = urlsplit(url)
    if not parts.hostname or is_excepted(parts.hostname, parts.port or PORTS.get(parts.scheme, 0)):
        return ""
    found = _variable(f"{parts.scheme}_proxy") or _variable("all_proxy")
    return found if not found or "://" in found else f"http://{found}"


def is_excepted(host: str, port: int) -> bool:
    """Whether a host is reached directly: it is this machine, or ``NO_PROXY`` names it.

    An entry is a name (with or without a leading dot: the name and all below it), an address, a range, one of these with a port, or ``*``.
    """
    address = _address(host)
    if host == "localhost" or (address and address.is_loopback):
        return True
    for entry in _variable("no_proxy").replace(",", " ").split():
        name, _, wanted_port = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
        if wanted_port and wanted_port != str(port):
            continue
        if name == "*" or _matches(name.lower(), host.lower(), address):
            return True
    return False


def variables() -> dict[str, str]:
    """What a program is told that knows of proxies by its environment; some read only one case, and few know ``ALL_PROXY``."""
    told: dict[str, str] = {}
    for scheme in PORTS:
        if found := _variable(f"{scheme}_proxy") or _variable("all_proxy"):
            told[f"{scheme}_proxy"] = told[f"{scheme}_proxy".upper()] = found
    if told and (excepted := _variable("no_proxy")):
        told["no_proxy"] = told["NO_PROXY"] = excepted
    return told


def without_password(url: str) -> str:
    """A proxy's address as an error may show it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _variable(name: str) -> str:
    return (os.environ.get(name) or os.environ.get(name.upper()) or "").strip()


def _matches(entry: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    if address:
        try:
            return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
        except ValueError:
            return False
    bare = entry.removeprefix("*").lstrip(".")
    return bool(bare) and (host == bare or host.endswith(f".{bare}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
