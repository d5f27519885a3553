"""What has to hold between values: networks apart, hosts distinct, requirements met.

Each check looks at what was written, not at a finished model, so that one fault does not hide another.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from converge.inventory.document import Document, Where
from converge.inventory.faults import Found, nearest
from converge.inventory.model import EmbeddedNodes, Known, closure, needs, selected

# Sources: RFC 2606, RFC 6761 (.test .example), RFC 8375 (home.arpa), ICANN 2024 (.internal).
PRIVATE_ENDINGS = (".test", ".example", ".internal", ".home.arpa")


def cross_checks(document: Document, known: Mapping[str, Known] | None) -> Iterator[Found]:
    """Every fault between values; ``known`` are all components that there are (None: not checked)."""
    yield from _networks(document)
    yield from _hosts(document)
    yield from _issuer(document)
    if document.get("images", "load") is not None and document.get("nodes", "kind") != "existing":
        yield ("images", "load"), "load: only an existing cluster needs it; these nodes are given their images directly"
    if known is not None:
        yield from _components(document, known)


def warnings(document: Document) -> Iterator[Found]:
    """What is allowed but seldom meant."""
    domain = document.get("domain_name")
    if isinstance(domain, str) and document.get("issuer", "kind") != "acme" and not domain.endswith(PRIVATE_ENDINGS):
        text = f"'{domain}' may be somebody's on the Internet, and machines that do not ask the platform's DNS would go there"
        yield ("domain_name",), f"{text}; reserved for private use: {', '.join(PRIVATE_ENDINGS)}"


def _networks(document: Document) -> Iterator[Found]:
    kind = document.get("nodes", "kind")
    if kind not in (None, "embedded", "hosts"):
        return
    networks: dict[str, IPv4Network] = {}
    for key in ("pod_subnet", "service_subnet") if kind == "hosts" else ("subnet", "pod_subnet", "service_subnet"):
        text = document.get("nodes", key)
        text = EmbeddedNodes.model_fields[key].default if text is None else text
        with contextlib.suppress(ValueError):  # reported where single values are checked
            networks[key] = IPv4Network(text if isinstance(text, str) and "/" in text else "")
    for (first, one), (second, other) in combinations(networks.items(), 2):
        if one.overlaps(other):
            key, against = (second, f"{first} {one}") if ("nodes", second) in document.lines else (first, f"{second} {other}")
            yield ("nodes", key), f"{key}: {networks[key]} overlaps {against}"
    workers, hosts = document.get("nodes", "workers"), document.get("nodes", "hosts")
    nodes = 1 + (workers if isinstance(workers, int) and 0 <= workers <= 8 else 1)
    if kind == "hosts":
        nodes = len(hosts) if isinstance(hosts, list) else 1
        yield from _addresses(document, networks)
    if (network := networks.get("subnet")) and network.num_addresses < nodes + 3:
        yield ("nodes", "subnet"), f"subnet: {network} is too small for {nodes} nodes and this machine, {_smallest(nodes + 3)} is enough"
    if (network := networks.get("pod_subnet")) and network.num_addresses < nodes * 256:
        enough = _smallest(nodes * 256)
        yield ("nodes", "pod_subnet"), f"pod_subnet: {network} is too small, each of {nodes} nodes takes a /24; {enough} is enough"
    if (network := networks.get("service_subnet")) and not 12 <= network.prefixlen <= 24:
        yield ("nodes", "service_subnet"), f"service_subnet: expected a network between /12 and /24, seen /{network.prefixlen}"


def _addresses(document: Document, networks: Mapping[str, IPv4Network]) -> Iterator[Found]:
    """A host whose own address is one that pods or services would get."""
    hosts = document.get("nodes", "hosts")
    for number in range(len(hosts) if isinstance(hosts, list) else 0):
        where: Where = ("nodes", "hosts", number, "address")
        with contextlib.suppress(ValueError):
            address = IPv4Address(document.get(*where))
            for key, network in networks.items():
                if address in network:
                    yield where, f"address: {address} is in {key} {network}, whose addresses are handed out inside the cluster"


def _smallest(addresses: int) -> str:
    return f"/{32 - (addresses - 1).bit_length()}"


def _hosts(document: Document) -> Iterator[Found]:
    hosts = document.get("nodes", "hosts")
    if document.get("nodes", "kind") not in ("hosts", "microk8s") or not isinstance(hosts, list):
        return
    for key in ("name", "address"):
        first: dict[str, Where] = {}
        for number in range(len(hosts)):
            where: Where = ("nodes", "hosts", number, key)
            value = document.get(*where)
            if not isinstance(value, str):
                continue
            if value in first:
                yield where, f"{key}: '{value}' is already the {key} of the host in line {document.line(first[value])}"
            first.setdefault(value, where)
    roles = [document.get("nodes", "hosts", number, "role") for number in range(len(hosts))]
    controls = [number for number, role in enumerate(roles) if role == "control"]
    for number in controls[1:]:
        line = document.line(("nodes", "hosts", controls[0], "role"))
        yield ("nodes", "hosts", number, "role"), f"role: there can be one control host, and line {line} has it"
    if roles and not controls and all(role == "worker" for role in roles):
        yield ("nodes", "hosts"), "hosts: one of them needs the role control"


def _issuer(document: Document) -> Iterator[Found]:
    domain = document.get("domain_name") or "thinkube.test"
    if document.get("issuer", "kind") == "acme" and isinstance(domain, str) and domain.endswith(PRIVATE_ENDINGS):
        yield ("issuer", "kind"), f"kind: acme needs a public domain, '{domain}' is a reserved name; use private-ca or change domain_name"


def _components(document: Document, known: Mapping[str, Known]) -> Iterator[Found]:
    listed = document.get("components")
    if not isinstance(listed, dict) or not listed:
        return
    for name in listed:
        if name not in known:
            yield ("components", name), f"unknown component '{name}'{nearest(name, known) or ';'} known: {', '.join(known)}"
    left_out = {name for name in listed if document.get("components", name, "enabled") is False}
    wanted, requires = selected(set(listed) - left_out, left_out, known), needs(known)
    for name in sorted(left_out & known.keys()):
        needing = [other for other in known if other in wanted and name in closure([other], requires)]
        if needing:
            yield ("components", name, "enabled"), f"enabled: {name} is required by {', '.join(needing)}; leave them out as well"
