"""Where the harness runs inside the platform, what it is told there, and what a run of it is: a Job, whoever starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converge.components import blocks

if TYPE_CHECKING:
    from converge.components.minio.bucket import Bucket

NAMESPACE = "harness"
IMAGE = "thinkube"
TOLD = "told"
"""The ConfigMap that says what a run has to know; its ``job.yaml`` is the pattern of a Job, but for verb and component."""

VERBS = ("deploy", "verify", "remove")
AT = "/etc/thinkube"
DEADLINE_S = 1800


def account(name: str) -> str:
    """The account that works on a component: ``valkey``."""
    return name


def template(name: str) -> str:
    """The WorkflowTemplate whose workflows start a run on a component: ``harness-valkey``."""
    return f"{NAMESPACE}-{name}"


def job(image: str, bucket: Bucket, verb: str, name: str) -> dict[str, Any]:
    """A run: ``job("thinkube.local/thinkube:5f1c…", bucket, "verify", "valkey")``."""
    key = {"name": bucket.secret.name}
    container = {
        "name": "harness",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": [verb, name],
        "env": [
            {"name": "HOME", "value": "/tmp"},  # noqa: S108 (in the pod)
            {"name": "THINKUBE_STATE", "value": "/tmp/state"},  # noqa: S108
            {"name": "THINKUBE_CACHE", "value": "/tmp/cache"},  # noqa: S108
            {"name": "REPORTS_URL", "value": bucket.url},
            {"name": "REPORTS_BUCKET", "value": bucket.name},
            {"name": "REPORTS_ACCESS_KEY", "valueFrom": {"secretKeyRef": key | {"key": "access-key"}}},
            {"name": "REPORTS_SECRET_KEY", "valueFrom": {"secretKeyRef": key | {"key": "secret-key"}}},
        ],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": blocks.resources("100m/2000m", "192Mi/1Gi"),
        "securityContext": blocks.locked_down(),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "told", "mountPath": AT, "readOnly": True}],  # noqa: S108
    }
    pod = {
        "serviceAccountName": account(name),
        "restartPolicy": "Never",
        "enableServiceLinks": False,
        "securityContext": blocks.pod_security(65532),
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "told", "configMap": {"name": TOLD}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"generateName": f"{verb}-{name}-", "namespace": NAMESPACE},
        # A run that ended badly is told, not tried again.
        "spec": {"backoffLimit": 0, "activeDeadlineSeconds": DEADLINE_S, "ttlSecondsAfterFinished": 86400, "template": {"spec": pod}},
    }
