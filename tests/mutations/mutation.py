"""A mutation: something of a running platform is broken on purpose, a scenario has to notice, and a converge has to repair it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from converge.apis.keycloak import Realm
from converge.apis.minio import Administration
from converge.components.keycloak import realm
from converge.components.minio import storage
from converge.components.postgres.server import server as postgres
from converge.components.terms import KubernetesObject
from converge.engine.platform import Platform
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.wait import wait_until_ready

Act = Callable[[Platform], None]
Change = Callable[[dict[str, Any]], Any]

ROLLOUT_S = 180


@dataclass(frozen=True)
class Mutation:
    """``breaks`` breaks it; each of ``scenarios`` (``"core/minio.feature::Title"``) must fail, and its failure must hold ``reason``.

    A converge of ``component`` repairs it, unless it is nothing that the platform's desired state speaks of: then ``undo`` does.
    """

    name: str
    component: str
    breaks: Act
    scenarios: tuple[str, ...]
    reason: str
    undo: Act | None = None

    @property
    def nodeids(self) -> list[str]:
        """What pytest calls the scenarios."""
        return [f"features/{scenario}" for scenario in self.scenarios]


def edit(platform: Platform, kind: str, name: str, namespace: str, change: Change) -> KubernetesObject:
    """Change an object as a person with kubectl would, and wait until a workload runs what it now says."""
    for patience in range(9, -1, -1):
        seen = platform.api.get(kind, name, namespace)
        change(seen)
        try:
            written = platform.api.replace(seen)
            break
        except ApiRefused as error:  # somebody else, such as a controller, wrote in between
            if error.code != 409 or not patience:
                raise
    if kind in ("Deployment", "StatefulSet"):
        wait_until_ready(platform.api, [written], ROLLOUT_S, subject=name)
    return written


def editing(kind: str, name: str, namespace: str, change: Change) -> Act:
    """``edit`` as a mutation's act."""

    def act(platform: Platform) -> None:
        edit(platform, kind, name, namespace, change)

    return act


def creating(made: KubernetesObject) -> tuple[Act, Act]:
    """Make an object that nobody wants, and take it away again."""
    metadata = made["metadata"]

    def create(platform: Platform) -> None:
        platform.api.create(made)

    def delete(platform: Platform) -> None:
        platform.api.delete(made["kind"], metadata["name"], metadata.get("namespace", ""), api_version=made["apiVersion"])

    return create, delete


def container(workload: KubernetesObject) -> dict[str, Any]:
    """A workload's first container."""
    spec = workload["spec"]["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else workload["spec"]
    first: dict[str, Any] = spec["template"]["spec"]["containers"][0]
    return first


def with_argument(argument: str) -> Change:
    """Start the program with one more argument."""
    return lambda workload: container(workload)["args"].append(argument)


def without_arguments(beginning: str) -> Change:
    """Start the program without the arguments that begin so."""

    def change(workload: KubernetesObject) -> None:
        first = container(workload)
        first["args"] = [argument for argument in first["args"] if not argument.startswith(beginning)]

    return change


def the_realm(platform: Platform) -> Realm:
    """The realm as its administrator sees it."""
    return realm.realm(platform.inventory, platform.access)


def in_realm(change: Change) -> Act:
    """Change the realm's own fields."""

    def act(platform: Platform) -> None:
        here = the_realm(platform)
        seen = here.admin.get_realm(here.name)
        change(seen)
        here.admin.update_realm(here.name, seen)

    return act


def in_profile(change: Change) -> Act:
    """Change which attributes people may have."""

    def act(platform: Platform) -> None:
        admin = the_realm(platform).admin
        seen = admin.get_realm_users_profile()
        change(seen)
        admin.update_realm_users_profile(seen)

    return act


def in_client(client_id: str, change: Change) -> Act:
    """Change a client of the realm."""

    def act(platform: Platform) -> None:
        here = the_realm(platform)
        seen = here.client(client_id)
        assert seen
        change(seen)
        here.admin.update_client(seen["id"], seen)

    return act


def without_mapper(mapper: str, *, client: str = "", scope: str = "") -> Act:
    """Remove a protocol mapper of a client or a client scope."""

    def act(platform: Platform) -> None:
        here = the_realm(platform)
        owner = here.client(client) if client else here.client_scope(scope)
        assert owner
        (found,) = (item for item in owner["protocolMappers"] if item["name"] == mapper)
        remove = here.admin.remove_client_mapper if client else here.admin.delete_mapper_from_client_scope
        remove(owner["id"], found["id"])

    return act


def object_storage(platform: Platform) -> Administration:
    """Users and policies of the object store."""
    return Administration(platform.access.http, storage.url(platform.inventory), storage.root_key(platform.access))


def sql(statements: str, name: str = "postgres") -> Act:
    """Run SQL as the database server's superuser."""
    return lambda platform: _discard(postgres(platform.access).run(statements, name))


def _discard(_: object) -> None:
    """Acts return nothing."""
