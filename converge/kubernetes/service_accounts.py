"""Pods that have to begin anew, because what they began with is gone."""

from __future__ import annotations

from converge.kubernetes.client import Api
from converge.kubernetes.objects import Ref


def retire_pods(api: Api, account: Ref) -> None:
    """Remove the pods of a ServiceAccount that was deleted: their tokens are of the old one, and the API server knows them no more.

    Before the new one is written, so that a run which is killed in between does it again. Pods that nobody would make anew stay.
    """
    for pod in api.list("Pod", account.namespace):
        metadata = pod["metadata"]
        is_managed = any(reference.get("controller") for reference in metadata.get("ownerReferences") or ())
        if is_managed and pod["spec"].get("serviceAccountName") == account.name and not metadata.get("deletionTimestamp"):
            api.delete("Pod", metadata["name"], account.namespace, uid=metadata["uid"])
