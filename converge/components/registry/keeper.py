"""The keeper that runs the registry, asked inside its pod: it collects garbage, as every night, and tells which keys the registry knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.kubernetes.execute import execute

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

COLLECTS_S = 600


def collect(api: Api) -> str:
    """Give back the space of what no tag names any more; returns what the registry said of it. It takes no writes meanwhile.

    Raises:
        ExecFailed: no garbage was collected.
    """
    return _ask(api, "collect")


def known_keys(api: Api) -> frozenset[str]:
    """The ids of the realm's keys that the registry was started with."""
    return frozenset(_ask(api, "keys").split())


def _ask(api: Api, command: str) -> str:
    pod = str(api.list("Pod", "registry", labels="app.kubernetes.io/name=registry")[0]["metadata"]["name"])
    return execute(api, "registry", pod, ["/keeper/registry-keeper", command], container="registry", timeout_s=COLLECTS_S)
