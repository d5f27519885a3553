"""JupyterHub as people meet it: throw-away servers of throw-away people, removed after a scenario with their volumes."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from converge.apis.jupyterhub import Hub, token
from converge.components.jupyterhub.server import HOST, NAME, SIGN_ON, url

if TYPE_CHECKING:
    from websocket import WebSocket

    from converge.components.keycloak.people import Person
    from converge.components.terms import Access
    from converge.inventory import Inventory
    from converge.kubernetes.objects import KubernetesObject

OWNER = "hub.jupyter.org/username"
"""What KubeSpawner notes on pods and volumes: whose they are."""

START_S = 300.0
FILE, TEXT = "letter.txt", "what was written"
CELL, PRINTED = "print(6 * 7)", "42\n"


@contextlib.contextmanager
def signed_in(inventory: Inventory, access: Access, person: Person) -> Iterator[Hub]:
    """The hub as a person's program asks it; the person's server and volume are removed at the end."""
    person.browser.visit(f"{url(inventory)}{SIGN_ON}", person.credentials)
    hub = Hub(access.http, url(inventory), person.name, token(person.browser.http, url(inventory), person.name))
    try:
        yield hub
    finally:
        remove(access, person.name)


def owned(access: Access, kind: str, name: str) -> list[KubernetesObject]:
    """The pods or volume claims of a person."""
    found = access.api().list(kind, NAME)
    return [one for one in found if (one["metadata"].get("annotations") or {}).get(OWNER) == name]


def remove(access: Access, name: str) -> None:
    """Take away a person's pod and volume, whatever the hub has become."""
    for kind in ("Pod", "PersistentVolumeClaim"):
        for one in owned(access, kind, name):
            access.api().delete(kind, one["metadata"]["name"], NAME)


def channel(inventory: Inventory, address: str, ca_pem: str, path: str, headers: Mapping[str, str]) -> WebSocket:
    """A websocket to the hub's host, verified by the platform's CA."""
    from websocket import create_connection

    host = inventory.host(HOST)
    context = ssl.create_default_context(cadata=ca_pem)
    stream = context.wrap_socket(socket.create_connection((address, 443), timeout=60), server_hostname=host)
    return create_connection(f"wss://{host}{path}", socket=stream, header=dict(headers), origin=url(inventory), timeout=60)
