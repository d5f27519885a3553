"""The cluster's API and its kubelets, as the dashboard's own account may read them.

The token is the pod's; the kubelet replaces it in its file, so it is read for every request.
Source: Kubernetes API; kubelet ``/stats/summary``, which ``nodes/stats`` opens.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

Object = dict[str, Any]

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TIMEOUT_S = 10
KUBELET = 10250


class NotAnswered(Exception):
    """The API server or a kubelet answered, and not with what was asked for."""


class Api:
    """``await Api("https://kubernetes.default.svc", ACCOUNT).list("/apis/apps/v1/deployments")``."""

    def __init__(self, url: str, account: Path, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = url
        self._token = account / "token"
        verify: ssl.SSLContext | bool = transport is None and ssl.create_default_context(cafile=str(account / "ca.crt"))
        self._client = httpx.AsyncClient(verify=verify, timeout=TIMEOUT_S, transport=transport, trust_env=False)

    async def list(self, path: str, **params: str) -> list[Object]:
        """The items of a list, each with nothing but what the list says."""
        items: list[Object] = (await self.get(path, **params))["items"]
        return items

    async def find(self, path: str) -> Object | None:
        """One object, or None where there is none."""
        answer = await self._ask(f"{self._url}{path}", {})
        return None if answer.status_code == 404 else _json(answer)

    async def get(self, path: str, **params: str) -> Object:
        """A JSON document."""
        return _json(await self._ask(f"{self._url}{path}", params))

    async def text(self, path: str, **params: str) -> str:
        """A text, such as a log."""
        answer = await self._ask(f"{self._url}{path}", params)
        _check(answer)
        return answer.text

    async def kubelet(self, address: str, path: str) -> Object:
        """What a node's kubelet says, which shows a certificate of the cluster's own CA."""
        host = f"[{address}]" if ":" in address else address
        return _json(await self._ask(f"https://{host}:{KUBELET}{path}", {}))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, url: str, params: Mapping[str, str]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token.read_text(encoding='ascii').strip()}"}
        return await self._client.get(url, params=params, headers=headers)


def _json(answer: httpx.Response) -> Object:
    _check(answer)
    document: Object = answer.json()
    return document


def _check(answer: httpx.Response) -> None:
    if answer.status_code != 200:
        raise NotAnswered(f"{answer.status_code} for {answer.request.url.path}")
