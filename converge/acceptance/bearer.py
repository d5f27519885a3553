"""The Kubernetes API as a person reaches it with a token of the realm, and the realm's token endpoint as a program does."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converge.http import checked
from converge.kubernetes.failures import ApiRefused

if TYPE_CHECKING:
    import requests

    from converge.kubernetes.client import Api
    from converge.sso import Credentials, Provider


@dataclass(frozen=True)
class Answer:
    """What the API server said to somebody who wanted to see the nodes."""

    status: int
    names: list[str]
    message: str = ""


def nodes(api: Api, token: str) -> Answer:
    """List the nodes with a token instead of an operator's certificate."""
    try:
        found = api.with_token(token).list("Node")
    except ApiRefused as error:
        return Answer(error.code, [], error.message)
    return Answer(200, sorted(item["metadata"]["name"] for item in found))


def wait_until_over(expires_at: float) -> None:
    """Until this moment has passed: a token's end is a time of day, and nothing tells when it has come."""
    time.sleep(max(0.0, expires_at - time.time()) + 0.1)


def password_grant(http: requests.Session, provider: Provider, credentials: Credentials) -> str:
    """What the token endpoint says to a program that has a person's password: "granted", or its error."""
    form = {"grant_type": "password", "client_id": "admin-cli", "username": credentials.username, "password": credentials.password}
    answer = http.post(provider.token_endpoint, data=form)
    if answer.status_code in (400, 401):
        return str(answer.json()["error"])
    return "granted" if checked(answer, "the token endpoint").json()["access_token"] else ""
