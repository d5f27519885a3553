"""Files that pods read from Secrets and ConfigMaps: after a change the kubelet brings them, within two minutes or when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable

from converge.errors import NotReady
from converge.kubernetes.client import Api
from converge.kubernetes.objects import KubernetesObject

BROUGHT_S = 120
ANNOTATION = "thinkube.dev/configuration"
"""A new value makes the kubelet look at a pod's files now: it looks whenever the pod changes, else every minute or two."""


def bring(api: Api, namespace: str, secret: str) -> None:
    """Ask for the files of all pods that mount a Secret; nobody waits for them here."""
    for pod in api.list("Pod", namespace):
        if _mounts(pod, secret):
            ask(api, namespace, pod["metadata"]["name"])


def ask(api: Api, namespace: str, pod: str) -> None:
    """Have the kubelet look at one pod's files now."""
    api.patch("Pod", pod, namespace, patch={"metadata": {"annotations": {ANNOTATION: str(time.time_ns())}}})


def wait_until_brought(api: Api, namespace: str, pod: str, subject: str, is_there: Callable[[], bool]) -> None:
    """Ask for a pod's files and wait until ``is_there`` says that they are as they should be.

    Raises:
        NotReady: the kubelet did not bring them.
    """
    if is_there():
        return
    until = time.monotonic() + BROUGHT_S
    ask(api, namespace, pod)
    while not is_there():
        if time.monotonic() > until:
            raise NotReady(
                subject,
                seen=f"the kubelet did not bring the file within {BROUGHT_S} s",
                next_command=f"kubectl describe pod {pod} -n {namespace}",
            )
        time.sleep(0.5)  # a file in a container cannot be watched


def _mounts(pod: KubernetesObject, secret: str) -> bool:
    return any((volume.get("secret") or {}).get("secretName") == secret for volume in pod["spec"].get("volumes") or ())
