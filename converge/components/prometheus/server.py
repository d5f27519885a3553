"""Where Prometheus is, and how it is asked from outside the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.apis.prometheus import Prometheus

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

NAMESPACE = "monitoring"
SERVICE = "prometheus-server"
PORT = 9090


def server(api: Api) -> Prometheus:
    """Prometheus as an administrator of the cluster asks it: through the API server, which leads to its Service."""
    return Prometheus(lambda path: api.read(f"/api/v1/namespaces/{NAMESPACE}/services/{SERVICE}:http/proxy{path}"))
