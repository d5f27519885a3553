"""Ways into the running platform, opened when first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from converge.components.component import Access
from converge.inventory import Inventory
from converge.inventory.model import EmbeddedNodes, ExistingNodes
from converge.progress import State

if TYPE_CHECKING:
    import requests

    from converge.engine.platform import Platform
    from converge.kubernetes.client import Api


class LazyAccess(Access):
    """Access whose HTTP session is made when first used: before that there may be no CA to trust.

    ``read_only``: what should only look cannot write to the cluster. What requests wait for is shown under the name of a ``subject``.
    """

    def __init__(self, platform: Platform, *, read_only: bool = False, subject: str = "") -> None:
        def api() -> Api:
            return platform.watched(subject) if subject else platform.api

        vars(self).update(
            _platform=platform,
            _subject=subject,
            secret=lambda namespace, name, key: _secret(api(), namespace, name, key),
            execute=lambda namespace, pod, argv, stdin: api().execute(namespace, pod, argv, stdin),
            provider=platform.provider,
            cluster=platform.cluster,
            api=lambda: api().view(read_only=True) if read_only else api(),
            progress=platform.progress,
        )

    @cached_property
    def http(self) -> requests.Session:
        """Trusts the platform's CA, also one that follows it while this process runs, and knows where its domain is."""
        from converge.http import session, watched

        platform: Platform = vars(self)["_platform"]
        if subject := vars(self)["_subject"]:
            return watched(platform.access.http, lambda words: platform.progress.note(subject, State.WAITING, words))
        return session({platform.inventory.domain_name: ingress_address(platform.inventory)}, platform.ca_pem)


def _secret(api: Api, namespace: str, name: str, key: str) -> str:
    from converge.kubernetes import secrets

    return secrets.value(api, namespace, name, key)


def ingress_address(inventory: Inventory) -> str:
    """Where the ingress will be reached: known before there is a cluster."""
    from ipaddress import ip_network

    nodes = inventory.nodes
    if isinstance(nodes, ExistingNodes):
        return nodes.ingress_address
    if isinstance(nodes, EmbeddedNodes):
        return str(ip_network(nodes.subnet)[2])
    return next(host.address for host in nodes.hosts if host.role == "control")
