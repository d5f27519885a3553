"""Ways into the running platform, opened when first used."""

from __future__ import annotations

import copy
import threading
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from converge.components.terms import Access
from converge.inventory import Inventory
from converge.inventory.model import EmbeddedNodes, ExistingNodes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import requests

    from converge.kubernetes.client import Api
    from converge.nodes.provider import Cluster, NodeProvider
    from converge.progress import Progress


class LazyAccess(Access):
    """Access whose HTTP session is made when first used: before that there may be no CA to trust.

    ``read_only``: what should only look cannot write to the cluster.
    """

    def __init__(
        self,
        *,
        api: Callable[[], Api],
        http: Callable[[], requests.Session],
        provider: NodeProvider,
        cluster: Callable[[], Cluster],
        progress: Progress,
        read_only: bool = False,
    ) -> None:
        vars(self).update(
            _http=http,
            secret=lambda namespace, name, key: _secret(api(), namespace, name, key),
            execute=lambda namespace, pod, argv, stdin: _execute(api(), namespace, pod, argv, stdin),
            provider=provider,
            cluster=cluster,
            api=lambda: api().view(read_only=True) if read_only else api(),
            progress=progress,
        )

    @cached_property
    def http(self) -> requests.Session:
        """Trusts the platform's CA, also one that follows it while this process runs, and knows where its domain is."""
        made: requests.Session = vars(self)["_http"]()
        return made


def asking_once(access: Access) -> Access:
    """The same for who only looks: the same question to a pod, or for a Secret's value, is asked once, whoever asks it.

    A question that failed is asked again. What it was told stays as it was: for a plan, not for who waits.
    """
    made = copy.copy(access)
    vars(made).update(secret=_once(access.secret), execute=_once(access.execute))
    return made


def _once(ask: Callable[..., str]) -> Callable[..., str]:
    answers: dict[tuple[object, ...], str] = {}
    asking: defaultdict[tuple[object, ...], threading.Lock] = defaultdict(threading.Lock)
    guard = threading.Lock()

    def answer(*question: Any) -> str:
        key = tuple(part if isinstance(part, str) else tuple(part) for part in question)
        with guard:
            mine = asking[key]
        with mine:
            if key not in answers:
                answers[key] = ask(*question)
            return answers[key]

    return answer


def _secret(api: Api, namespace: str, name: str, key: str) -> str:
    from converge.kubernetes import secrets

    return secrets.value(api, namespace, name, key)


def _execute(api: Api, namespace: str, pod: str, argv: Sequence[str], stdin: str) -> str:
    from converge.kubernetes.execute import execute

    pod, _, container = pod.partition("/")
    return execute(api, namespace, pod, argv, stdin, container)


def ingress_address(inventory: Inventory) -> str:
    """Where the ingress will be reached: known before there is a cluster."""
    from ipaddress import ip_network

    nodes = inventory.nodes
    if isinstance(nodes, ExistingNodes):
        return nodes.ingress_address
    if isinstance(nodes, EmbeddedNodes):
        return str(ip_network(nodes.subnet)[2])
    return next(host.address for host in nodes.hosts if host.role == "control")
