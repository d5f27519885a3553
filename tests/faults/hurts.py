"""How each kind of object, and each class of setting, is hurt: which batch deletes it, and what "emptied" means for it.

A new component needs nothing here as long as its kinds and settings are known; an unknown one fails `tests/components/test_hurts.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from converge.components.terms import Removable, Setting
from converge.kubernetes.discovery import BUILT_IN
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.stages import Stage, stage_of

NOWHERE = "nowhere.invalid"

Patch = Mapping[str, Any]


@dataclass(frozen=True)
class Impossible:
    """Why something cannot be hurt in this way; the table says so."""

    reason: str


def _issuer(obj: KubernetesObject) -> Patch:
    if "ca" in obj["spec"]:
        return {"spec": {"ca": {"secretName": "nowhere"}}}
    if "acme" in obj["spec"]:
        return {"spec": {"acme": {"email": f"nobody@{NOWHERE}"}}}
    return {"spec": {"selfSigned": {"crlDistributionPoints": [f"http://{NOWHERE}"]}}}


def _certificate(obj: KubernetesObject) -> Patch:
    """Empty it may not be; another name makes cert-manager issue another certificate. Only what is stated: nobody repairs the rest."""
    if obj["spec"].get("isCA"):
        return {"spec": {"duration": None, "subject": None, "privateKey": None}}
    wrong = {"dnsNames": [NOWHERE], "commonName": NOWHERE}
    return {"spec": {field: value for field, value in wrong.items() if field in obj["spec"]}}


EMPTIED: Mapping[str, Patch | Callable[[KubernetesObject], Patch] | Impossible] = {
    "Namespace": {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": None}}},
    "CustomResourceDefinition": {"spec": {"names": {"shortNames": None, "categories": None}}, "metadata": {"labels": None}},
    "IngressClass": {"metadata": {"annotations": None, "labels": None}},
    "StorageClass": {"metadata": {"annotations": None, "labels": None}},
    "ServiceAccount": {"metadata": {"labels": None}},
    "Secret": {"data": None},
    "ConfigMap": {"data": None},
    "ClusterRole": {"rules": []},
    "Role": {"rules": []},
    "ClusterRoleBinding": {"subjects": []},
    "RoleBinding": {"subjects": []},
    "Service": {"spec": {"selector": None}},
    "Deployment": {"spec": {"replicas": 0}},
    "StatefulSet": {"spec": {"replicas": 0}},
    "CronJob": lambda obj: {"spec": {"suspend": not obj["spec"].get("suspend", False)}},
    "Ingress": {"spec": {"rules": [{"host": NOWHERE}], "tls": None}},
    "APIService": {"spec": {"service": {"name": "nowhere", "namespace": "kube-system"}}},
    "MutatingWebhookConfiguration": {"webhooks": []},
    "ValidatingWebhookConfiguration": {"webhooks": []},
    "Certificate.cert-manager.io": _certificate,
    "ClusterIssuer.cert-manager.io": _issuer,
    "EventSource.argoproj.io": {"spec": {"webhook": None}},
    "Sensor.argoproj.io": {"spec": {"triggers": None}},
    "WorkflowTemplate.argoproj.io": {"spec": {"templates": []}},
    "EventBus.argoproj.io": {"spec": {"jetstreamExotic": {"url": f"nats://{NOWHERE}:4222"}}},
    "PersistentVolumeClaim": Impossible("the API lets nobody empty its spec"),
}
"""The merge patch that takes an object's content away, as ``kubectl patch`` or ``kubectl edit`` would."""

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"})


def batch_of(ref: Ref) -> str:
    """The batch that deletes an object."""
    if ref.kind in ("Namespace", "CustomResourceDefinition", "Secret", "PersistentVolumeClaim"):
        kinds = {"Namespace": "namespaces", "CustomResourceDefinition": "definitions", "Secret": "secrets"}
        return kinds.get(ref.kind, "data")
    if ref.kind in _WORKLOADS:
        return "workloads"
    if ref.kind in BUILT_IN and stage_of(ref, frozenset()) is Stage.CONFIGURATION:
        return "configuration"
    return "entrances"


def emptied(ref: Ref, obj: KubernetesObject) -> Patch | Impossible:
    """What empties an object.

    Raises:
        LookupError: nobody has said how a kind is emptied.
    """
    short = ref.kind if ref.kind in BUILT_IN else ref.group_kind
    if short not in EMPTIED:
        raise LookupError(f"say in EMPTIED of {__file__} how a {short} is emptied ({ref})")
    found = EMPTIED[short]
    return found(obj) if callable(found) else found


def _remove_from_realm(kind: str) -> Callable[[Any], None]:
    def remove(setting: Any) -> None:
        if (seen := setting.read()) is not None:
            getattr(setting.realm.admin, f"delete_{kind}")(seen["id"])

    return remove


def _forget_profile(setting: Any) -> None:
    setting.realm.admin.update_realm_users_profile({**setting.read(), "unmanagedAttributePolicy": "ADMIN_VIEW"})


def _lose_authority(setting: Any) -> None:
    setting._access.api().delete("Secret", "thinkube-ca", "cert-manager")


def _forget_node(setting: Any) -> None:
    setting._access.api().delete("Node", setting._node)


def _server_of(setting: Any) -> Any:
    from converge.components.valkey.server import server

    return server(setting._access, setting._pod)


def _drop_branch(setting: Any) -> None:
    from converge.components.git.server import POD

    setting._access.execute(*POD, ["git", "-C", "/data/repositories/docs.git", "update-ref", "-d", "refs/heads/platform"], "")


def _drop_releases(setting: Any) -> None:
    from converge.components.minio.consumers import root_store

    store = root_store(setting._inventory, setting._access)
    for name in store.names("mkdocs"):
        store.remove("mkdocs", name)


_FOLLOWS = Impossible("it holds nothing: it says that something serves what was issued or written last")

TAKEN: Mapping[str, Callable[[Any], None] | Impossible] = {
    "RealmItself": lambda setting: setting.realm.admin.delete_realm(setting.realm.name),
    "Group": _remove_from_realm("group"),
    "ClientScope": _remove_from_realm("client_scope"),
    "Person": _remove_from_realm("user"),
    "UserProfile": _forget_profile,
    "JoinedWorker": _forget_node,
    "RunningCluster": Impossible("tests/faults/test_nodes.py and test_api_server.py take the cluster itself away"),
    "PlatformCa": _lose_authority,
    "IssuedCertificates": _FOLLOWS,
    "SuperuserPassword": lambda setting: setting._server.write_password("postgres", "given by hand"),
    "AdministratorPassword": lambda setting: _server_of(setting).ask("ACL", "SETUSER", "default", "resetpass", ">given by hand"),
    "RootPassword": lambda setting: setting.indexes.write_user("root", "given by hand"),
    "AwxAdministrators": lambda setting: setting.awx.create("users", {"username": "eve", "password": "by hand", "is_superuser": True}),
    "AwxAdministratorPassword": lambda setting: setting.awx.change("users", setting.awx.who()["id"], {"password": "given by hand"}),
    "HarborConfiguration": lambda setting: setting.harbor.configure({"oidc_name": "given by hand"}),
    "RobotSecret": lambda setting: setting.robot.harbor.give_secret(setting.robot.read()["id"], "Given1byHand"),
    "AcceptedAdministrator": Impossible("a password that a person changed there is not undone: tests/components/test_credentials.py"),
    "OpenSearchPassword": Impossible("OpenSearch lets nobody change it but its own start"),
    "OpenSearchSignOn": Impossible("OpenSearch lets nobody change it but its own start"),
    "PresentedWildcard": _FOLLOWS,
    "FollowedCertificate": _FOLLOWS,
    "ServedCertificate": _FOLLOWS,
    "Listens": _FOLLOWS,
    "Obtainable": _FOLLOWS,
    "PlatformPages": _drop_branch,
    "Built": _drop_releases,
    "ReadRules": _FOLLOWS,
}
"""How settings that a rollback has no need to take away are taken away all the same, by the name of their class."""


def take(setting: Setting) -> Callable[[], None] | Impossible:
    """What takes a setting away.

    Raises:
        LookupError: nobody has said how a class of settings is taken away.
    """
    name = type(setting).__name__
    if name in TAKEN:
        found = TAKEN[name]
        return found if isinstance(found, Impossible) else lambda: found(setting)
    if isinstance(setting, Removable):
        return setting.remove
    raise LookupError(f"say in TAKEN of {__file__} how a {name} ({setting.subject}) is taken away, or give it remove()")
