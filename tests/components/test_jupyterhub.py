"""JupyterHub's configuration is Python that its programs read, and its account writes in its own namespace only."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

from converge.components.jupyterhub.component import Jupyterhub
from converge.components.manifests import only
from converge.components.terms import Context
from converge.inventory import Inventory


@pytest.fixture
def objects(context: Callable[..., Context]) -> list[Any]:
    return list(Jupyterhub(Inventory()).objects(context()))


@pytest.fixture
def configuration(objects: list[Any]) -> str:
    text: str = only(objects, "ConfigMap", "jupyterhub-server")["data"]["jupyterhub_config.py"]
    return text


def test_its_configuration_is_python_without_a_secret(configuration: str) -> None:
    ast.parse(configuration)
    assert 'Path("/oidc/client-secret")' in configuration


def test_administrators_get_more(configuration: str) -> None:
    class Anything:
        def __getattr__(self, name: str) -> Any:
            self.__dict__[name] = Anything()
            return self.__dict__[name]

    names: dict[str, Any] = {"c": Anything()}
    without = "\n".join(line for line in configuration.splitlines() if "client-secret" not in line)
    exec(without, names)  # noqa: S102 - what the component says
    assert names["c"].KubeSpawner.delete_pvc is False
    for is_administrator, limit in ((True, "4G"), (False, "1G")):
        spawner = Anything()
        spawner.user.admin = is_administrator
        names["sized"](spawner)
        assert spawner.mem_limit == limit


def test_its_account_writes_pods_and_volumes_of_its_own_namespace_only(objects: list[Any]) -> None:
    assert not [one for one in objects if one["kind"] == "ClusterRole"]
    rules = only(objects, "Role", "jupyterhub-server")["rules"]
    written = {name for rule in rules for name in rule["resources"] if not {"create", "delete"}.isdisjoint(rule["verbs"])}
    assert written == {"pods", "persistentvolumeclaims"}
