"""A cluster's API as far as the dashboard reads it: lists of objects, metrics, kubelets, logs."""

import json
import time
from datetime import UTC, datetime, timedelta

import httpx

LISTED = "/api/v1/namespaces/dashboard/configmaps/dashboard-components"
PART_OF = "applyset.kubernetes.io/part-of"
NOW = datetime.now(UTC)


def stamp(**ago):
    return (NOW - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def component(name, called, issue, *probes, version="", namespace="", links=()):
    return {
        "name": name,
        "called": called,
        "issue": issue,
        "namespace": namespace or name,
        "part_of": f"applyset-{name}",
        "versions": {name: version} if version else {},
        "links": [{"purpose": "web", "url": f"https://{host}.thinkube.test"} for host in links],
        "probes": [
            *({"kind": kind, "target": target} for kind, target in probes),
            *({"kind": "page", "target": f"https://{host}.thinkube.test/"} for host in links),
        ],
    }


RUNS = ("workloads", "")
COMPONENTS = [
    component("control-node", "the control node", "CORE-001", ("nodes", "control")),
    component("worker-nodes", "the workers", "CORE-002", ("nodes", "worker")),
    component("storage", "the storage", "CORE-001", RUNS, version="v0.0.30", namespace="local-path-storage"),
    component("metrics", "the metrics API", "CORE-001", RUNS, version="v0.9.0", namespace="kube-system"),
    component("dns", "DNS", "CORE-001", ("name", "localhost")),
    component("ingress", "the ingress", "CORE-001", RUNS, version="3.7.15"),
    component("cert-manager", "cert-manager", "CORE-003", RUNS, version="v1.11.5"),
    component("postgres", "PostgreSQL", "CORE-005", RUNS, version="Debian 2026-11-23"),
    component("keycloak", "Keycloak", "CORE-004", RUNS, version="26.7.4", links=["auth"]),
    component("minio", "MinIO", "CORE-006", RUNS, version="2026-02-12T20:18:48Z", links=["minio"]),
    component("minio-console", "MinIO's console", "CORE-006", RUNS, namespace="minio", links=["minio-console"]),
    component("postgres-backup", "the backup", "CORE-005", ("jobs", ""), namespace="postgres", version="17.12"),
    component("valkey", "Valkey", "OPT-011", RUNS, version="Debian 2026-11-23"),
    component("ingress-dashboard", "the ingress's dashboard", "CORE-001", RUNS, version="v7.15.3", links=["ingress-dashboard"]),
    component("dashboard", "the dashboard", "CORE-013", RUNS, version="v7.15.3", links=["dashboard"]),
]


def workload(name, *, ready=1, wanted=1, kind="Deployment", namespace="", part_of=""):
    return {
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace or name, "generation": 2, "labels": {PART_OF: f"applyset-{part_of or name}"}},
        "spec": {"replicas": wanted, "selector": {"matchLabels": {"app": name}}},
        "status": {"readyReplicas": ready, "observedGeneration": 2},
    }


def pod(name, app, namespace, *, ready=True, restarts=0, reason=""):
    state = {"waiting": {"reason": reason}} if reason else {"running": {}}
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": app}},
        "spec": {"nodeName": "local-worker-1", "containers": [{"name": app}]},
        "status": {
            "phase": "Running",
            "startTime": stamp(hours=5),
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [{"restartCount": restarts, "state": state}],
        },
    }


def event(name, namespace, reason, text, *, kind="Pod", warning=False, count=1, **ago):
    return {
        "metadata": {"namespace": namespace, "creationTimestamp": stamp(hours=6)},
        "involvedObject": {"kind": kind, "name": name},
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": text,
        "count": count,
        "lastTimestamp": stamp(**(ago or {"minutes": 5})),
    }


def node(name, address, role):
    labels = {"node-role.kubernetes.io/control-plane": ""} if role == "control" else {}
    return {
        "metadata": {"name": name, "labels": labels},
        "status": {
            "capacity": {"cpu": "2", "memory": "8Gi"},
            "addresses": [{"type": "InternalIP", "address": address}],
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"kubeletVersion": "v1.37.2"},
        },
    }


class FakeCluster:
    """``FakeCluster().transport``; what it holds may be changed, ``asked`` are the paths that were asked for."""

    def __init__(self):
        names = [one["name"] for one in COMPONENTS if any(probe["kind"] == "workloads" for probe in one["probes"])]
        places = {one["name"]: one["namespace"] for one in COMPONENTS}
        self.workloads = {name: workload(name, namespace=places[name]) for name in names}
        self.nodes = [node("local-control", "10.0.0.2", "control"), node("local-worker-1", "10.0.0.3", "worker")]
        self.pods = [
            pod("minio-console-6c9f7", "minio-console", "minio"),
            pod("minio-0", "minio", "minio", restarts=1),
            pod("keycloak-5d8b9", "keycloak", "keycloak"),
        ]
        self.events = [
            event("minio-0", "minio", "Pulled", "Container image is already present on machine"),
            event("minio-console-6c9f7", "minio", "Unhealthy", "Readiness probe failed: 503", warning=True, count=3),
            event("local-control", "default", "NodeReady", "Node local-control status is now: NodeReady", kind="Node"),
        ]
        self.records = {
            "record": {name: {"result": "converged", "started": stamp(hours=7)} for name in places},
            "acceptance": {
                name: {"passed": 12, "failed": 0, "blocked": 0, "unavailable": 0, "ended": stamp(hours=3), "report": ""} for name in places
            },
        }
        self.records["acceptance"]["postgres"] |= {"passed": 10, "failed": 2}
        self.records["acceptance"]["minio"] |= {"report": "https://ci.example/report.html"}
        self.usage = [("local-control", "1153m", "3512Mi"), ("local-worker-1", "347m", "1200Mi")]
        self.measured = "2026-11-23T21:08:00Z"
        self.broken = {}
        self.pages = {}
        self.asked = []
        self.transport = httpx.MockTransport(self._answer)
        self.page_transport = httpx.MockTransport(self._page)

    def _page(self, request):
        return httpx.Response(self.pages.get(request.url.host, 302))

    def _answer(self, request):
        path = request.url.path
        self.asked.append((request.method, path))
        assert request.headers["Authorization"] == "Bearer letters"
        if path in self.broken:
            return httpx.Response(self.broken[path], json={})
        if path == "/stats/summary":
            return httpx.Response(200, json={"node": {"fs": {"capacityBytes": 500 * 2**30, "availableBytes": 288 * 2**30}}})
        if path.startswith("/api/v1/namespaces/thinkube-system/configmaps/"):
            data = {name: json.dumps(entry) for name, entry in self.records[path.rpartition("/")[2]].items()}
            return httpx.Response(200, json={"data": data})
        if path == LISTED:
            return httpx.Response(200, json={"data": {"components.json": json.dumps(COMPONENTS)}})
        if path.endswith("/log"):
            return httpx.Response(200, text=f"the log of {request.url.params['container']}\n<script>alert(1)</script>\n")
        items = self._items(path)
        return httpx.Response(404, json={}) if items is None else httpx.Response(200, json={"items": items})

    def _items(self, path):
        namespace = path.removeprefix("/api/v1/namespaces/").partition("/")[0]
        return {
            "/apis/apps/v1/deployments": list(self.workloads.values()),
            "/apis/apps/v1/statefulsets": [],
            "/apis/apps/v1/daemonsets": [],
            "/apis/batch/v1/cronjobs": [
                {"metadata": {"name": "backup", "namespace": "postgres", "labels": {PART_OF: "applyset-postgres-backup"}}, "spec": {}}
            ],
            "/apis/batch/v1/jobs": [
                {
                    "metadata": {"name": "backup-1", "namespace": "postgres", "ownerReferences": [{"name": "backup"}]},
                    "spec": {"selector": {"matchLabels": {"job": "backup-1"}}},
                    "status": {"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": stamp(hours=2)}]},
                }
            ],
            "/api/v1/nodes": self.nodes,
            "/apis/metrics.k8s.io/v1beta1/nodes": [
                {"metadata": {"name": name}, "timestamp": self.measured, "usage": {"cpu": cpu, "memory": memory}}
                for name, cpu, memory in self.usage
            ],
            "/api/v1/events": [one for one in self.events if one["involvedObject"]["kind"] == "Node"],
            f"/api/v1/namespaces/{namespace}/pods": [one for one in self.pods if one["metadata"]["namespace"] == namespace],
            f"/api/v1/namespaces/{namespace}/events": [one for one in self.events if one["metadata"]["namespace"] == namespace],
        }.get(path)


def an_hour(history, sample):
    """Fill a history with a curve, so that there is something to draw."""
    import math
    from dataclasses import replace

    from converge.images.recipes.dashboard.dashboard.usage import Amount

    for step in range(240, 0, -1):
        if 120 < step < 132:
            continue
        wave = 0.5 + 0.3 * math.sin(step / 17) + 0.15 * math.sin(step / 3.1)
        history.add(
            replace(
                sample,
                taken_at=time.time() - step * 15,
                cpu=Amount(4 * wave * 0.7, 4),
                memory=Amount(2**30 * (5 + wave), 16 * 2**30),
                storage=Amount(2**30 * (212 - step / 60), 500 * 2**30),
            )
        )
