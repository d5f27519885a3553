"""Mutations of who may do what in the registry, and of how nodes pull from it."""

from __future__ import annotations

from typing import Any

from mutation import Act, Mutation, in_profile, the_realm, without_mapper

from converge.components.keycloak.docker_client import ATTRIBUTE
from converge.components.registry import server
from converge.components.registry.component import WRITERS
from converge.engine.platform import Platform

PUSHES = "core/registry.feature::A developer pushes an image with the platform login and pulls it again"
READS = "core/registry.feature::A reader pulls images and may not push any"
RUNS = "core/registry-operation.feature::Every node runs a pushed image without a password in any manifest"
GIVES = "core/keycloak-logins.feature::Nobody gives themselves rights"


def _everybody(right: str) -> Act:
    """Let everybody of the realm do this in the registry."""

    def act(platform: Platform) -> None:
        here = the_realm(platform)
        client = here.client("registry")
        assert client
        (mapper,) = client["protocolMappers"]
        mapper["config"]["everybody"] = right
        here.admin.update_client_mapper(client["id"], mapper["id"], mapper)

    return act


def _without_rights(platform: Platform) -> None:
    here = the_realm(platform)
    group = here.group(WRITERS)
    assert group
    group["attributes"].pop(ATTRIBUTE)
    here.admin.update_group(group["id"], group)


def _written_by_all(profile: dict[str, Any]) -> None:
    (attribute,) = (item for item in profile["attributes"] if item["name"] == ATTRIBUTE)
    attribute["permissions"] = {"view": ["admin", "user"], "edit": ["admin", "user"]}


def _forget_login(platform: Platform) -> None:
    platform.cluster().forget_registry(server.host(platform.inventory))


TABLE = (
    Mutation("no mapper grants anything in the registry", "registry", without_mapper("access", client="registry"), (PUSHES,), "401"),
    Mutation("everybody may push to the registry", "registry", _everybody("*:pull,push"), (READS,), "None"),
    Mutation("the registry's writers have no right", "registry", _without_rights, (PUSHES,), "401"),
    Mutation("people write what they may do in the registry", "keycloak", in_profile(_written_by_all), (GIVES,), ATTRIBUTE),
    Mutation("the nodes have no login at the registry", "registry", _forget_login, (RUNS,), "ErrImagePull"),
)
