"""Keycloak's own way back for an administrator whose password nobody here knows, or who is gone.

A Job runs ``kc.sh bootstrap-admin user`` on the server's database: it makes a temporary administrator, who then makes ``admin`` as its
Secret says and is removed. The documentation asks to stop every server first, for the sake of builds and migrations; here the Job runs
the server's own image and options, builds nothing (``--optimized``) and migrates nothing, so the server goes on serving.
Source: Keycloak 26 guides ("Bootstrapping and recovering an admin account").
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping
from typing import Any

from converge.apis.keycloak import Keycloak, Realm, Representation, if_there
from converge.components.terms import Access, KubernetesObject
from converge.errors import Refused
from converge.inventory import Inventory
from converge.kubernetes.client import Api
from converge.kubernetes.wait import wait_until_ready

NAME = "keycloak-recovery"
PREFIX = "thinkube-recovery-"
"""How the names of temporary administrators begin."""

DEADLINE_S = 600
_KEPT = ("name", "image", "imagePullPolicy", "resources", "securityContext", "volumeMounts")


def recover(inventory: Inventory, access: Access, values: Mapping[str, str]) -> None:
    """Let Keycloak's administrator sign in with these values, whatever Keycloak has.

    Raises:
        NotReady: the Job did not succeed.
    """
    name, password = f"{PREFIX}{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    _bootstrap(access, name, password)
    master = Keycloak(access.http, f"https://{inventory.host('auth')}", name, lambda: password).realm("master")
    _restore(master, values)
    for other in leftovers(master):
        if other["username"] != name:
            if_there(master.admin.delete_user, other["id"])
    own = master.user(name)
    if own is not None:
        if_there(master.admin.delete_user, own["id"])


def leftovers(master: Realm) -> list[Representation]:
    """The temporary administrators that there are: one that was killed leaves its own."""
    return master.users_beginning(PREFIX)


def write_password(here: Realm, values: Mapping[str, str]) -> None:
    """Give a user of the realm a password.

    Raises:
        Refused: there is no such user.
    """
    user = here.user(values["username"])
    if user is None:
        raise Refused(f"user {values['username']} of realm {here.name}", seen="absent", next_command="pytest features/ -m keycloak")
    here.admin.set_user_password(user["id"], values["password"], temporary=False)


def _restore(master: Realm, values: Mapping[str, str]) -> None:
    """The administrator is there, enabled, asked for nothing but the password, and may do everything."""
    wanted = {"username": values["username"], "enabled": True, "requiredActions": []}
    admin = master.admin
    user = master.user(values["username"])
    if user is None:
        identity = admin.create_user(wanted)
    else:
        identity = user["id"]
        admin.update_user(identity, user | wanted)
        for credential in admin.get_credentials(identity):
            if credential["type"] != "password":  # a second factor, which no program has
                if_there(admin.delete_credential, identity, credential["id"])
    write_password(master, values)
    admin.assign_realm_roles(identity, [admin.get_realm_role("admin")])


def _bootstrap(access: Access, name: str, password: str) -> None:
    """Make a temporary administrator; the password goes from a Secret to the program's environment."""
    api = access.api()
    _remove(api)
    metadata = {"name": NAME, "namespace": "keycloak"}
    api.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": password}})
    try:
        job = api.create(_job(api.get("Deployment", "keycloak", "keycloak"), name))
        wait_until_ready(api, [job], DEADLINE_S, progress=access.progress, subject="keycloak")
    finally:
        _remove(api)


def _remove(api: Api) -> None:
    api.delete("Job", NAME, "keycloak")
    api.delete("Secret", NAME, "keycloak")


def _job(server: KubernetesObject, name: str) -> KubernetesObject:
    """The server's own pod with another command, which no Service leads to."""
    pod: dict[str, Any] = copy.deepcopy(server["spec"]["template"]["spec"])
    (container,) = pod["containers"]
    password = {"name": "RECOVERY_PASSWORD", "valueFrom": {"secretKeyRef": {"name": NAME, "key": "password"}}}
    environment = [row for row in container["env"] if not row["name"].startswith("KC_BOOTSTRAP_ADMIN_")]
    command = ["bootstrap-admin", "user", "--optimized", "--username", name, "--password:env", "RECOVERY_PASSWORD"]
    pod["containers"] = [{key: container[key] for key in _KEPT if key in container} | {"args": command, "env": [*environment, password]}]
    pod["restartPolicy"] = "Never"
    labels = {"app.kubernetes.io/name": NAME}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": NAME, "namespace": "keycloak", "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": DEADLINE_S,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
