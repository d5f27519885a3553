"""Pods whose account was deleted begin anew; those that nobody would make again stay."""

from typing import Any

from converge.kubernetes.objects import Ref
from converge.kubernetes.service_accounts import retire_pods


class Api:
    """Remembers what was deleted."""

    def __init__(self, pods: list[dict[str, Any]]) -> None:
        self.pods = pods
        self.deleted: list[str] = []

    def list(self, kind, namespace):
        return self.pods

    def delete(self, kind, name, namespace, uid=""):
        self.deleted.append(f"{kind} {namespace}/{name} {uid}")


def pod(name, account="web", *, owner=True, leaving=False):
    metadata = {"name": name, "namespace": "web", "uid": f"uid-{name}"}
    owners = [{"kind": "ReplicaSet", "controller": True}] if owner else []
    ends = {"deletionTimestamp": "2026-11-26T12:00:00Z"} if leaving else {}
    return {"metadata": {**metadata, **ends, "ownerReferences": owners}, "spec": {"serviceAccountName": account}}


def test_pods_of_a_deleted_account_go_and_others_stay():
    api = Api([pod("one"), pod("another", "other"), pod("by-hand", owner=False), pod("going", leaving=True)])
    retire_pods(api, Ref("ServiceAccount", "web", "web", "v1"))
    assert api.deleted == ["Pod web/one uid-one"]
