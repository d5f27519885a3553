"""Metrics that a component has: said where it is made, read by whoever collects them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.components.part import Owner, Part
from converge.components.terms import Context, KubernetesObject

ANNOTATION = "prometheus.io"
"""What the annotations of Services and pods begin with that ask to be scraped, as everybody's do."""


class Scraped(Part):
    """Pods with metrics: ``Scraped(self, selector={"app": "wiki"}, port=9100)``; ``path`` is where they are.

    A Service ``<owner>-metrics`` of its own says so, so that a program's other Services stay what they are. Where nobody collects
    metrics, nobody asks.
    """

    requires = ("control-node",)

    def __init__(self, owner: Owner, *, selector: Mapping[str, str], port: int, path: str = "/metrics", name: str = "") -> None:
        self.name = f"{name or owner.name}-metrics"
        self._namespace = owner.namespace
        self._selector = dict(selector)
        self._port = port
        self._path = path

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``: a Service without an address, as each pod has metrics of its own."""
        said = {"scrape": "true", "port": str(self._port), "path": self._path}
        metadata = {
            "name": self.name,
            "namespace": self._namespace,
            "annotations": {f"{ANNOTATION}/{key}": value for key, value in said.items()},
        }
        spec = {
            "clusterIP": "None",
            "selector": self._selector,
            "ports": [{"name": "metrics", "port": self._port, "targetPort": self._port}],
        }
        return ({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec},)
