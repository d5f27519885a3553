"""Hosts of the platform's domain that lead to a component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.components.blocks import web_host
from converge.components.part import Owner, Part
from converge.components.terms import Context, Endpoint, KubernetesObject, Probe


class WebHost(Part):
    """``https://<host>.<domain>`` leads to a Service's port: ``WebHost(self, port="http")``.

    ``host`` and ``service`` are the component's name where nothing else is said; ``page``, ``sign_on`` and
    ``ends_within_s`` are an `Endpoint`'s. Paths that begin as ``elsewhere`` says go to other Services: ``{"/api": "wiki-api"}``.
    ``is_framed`` is False where the application does not say itself that no other site may show its pages in a frame.
    """

    requires = ("cert-manager", "dns")

    def __init__(
        self,
        owner: Owner,
        *,
        port: int | str,
        host: str = "",
        service: str = "",
        purpose: str = "web",
        page: str = "/",
        sign_on: str = "",
        ends_within_s: int = 0,
        elsewhere: Mapping[str, str] | None = None,
        is_framed: bool = True,
    ) -> None:
        self.name = service or owner.name
        self.endpoint = Endpoint(purpose, owner.inventory.host(host or owner.name), page, sign_on, ends_within_s)
        self.qualities = ("hosts", "sign-on") if sign_on else ("hosts",)
        self._namespace = owner.namespace
        self._port = port
        self._elsewhere = elsewhere
        self._middlewares = () if is_framed else ("unframed@file",)

    @property
    def host(self) -> str:
        """``wiki.thinkube.test``."""
        return self.endpoint.host

    @property
    def url(self) -> str:
        """``https://wiki.thinkube.test``."""
        return self.endpoint.url

    def endpoints(self) -> Sequence[Endpoint]:
        """See ``Part.endpoints``."""
        return (self.endpoint,)

    def probes(self) -> Sequence[Probe]:
        """See ``Part.probes``: its page, through the ingress."""
        return (Probe("page", self.endpoint.page_url),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``: an Ingress; its certificate is the platform's wildcard."""
        return (
            web_host(
                self.name, self._namespace, self.host, self.name, self._port, middlewares=self._middlewares, elsewhere=self._elsewhere
            ),
        )


class GrpcHost(WebHost):
    """The same for gRPC: the ingress speaks HTTP/2 to the pods, which needs a Service of its own.

    ``GrpcHost(self, host="qdrant-grpc", selector={"app": "qdrant"}, target="grpc")``; ``target`` is the containers' port.
    Source: Traefik 3, Kubernetes Ingress provider, annotation ``service.serversscheme``.
    """

    def __init__(self, owner: Owner, *, selector: Mapping[str, str], target: int | str, host: str = "") -> None:
        name = f"{owner.name}-grpc"
        super().__init__(owner, port="grpc", host=host or name, service=name, purpose="grpc")
        self._selector = dict(selector)
        self._target = target

    def probes(self) -> Sequence[Probe]:
        """See ``Part.probes``: it has no page to ask."""
        return ()

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        service: KubernetesObject = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": self.name,
                "namespace": self._namespace,
                "annotations": {"traefik.ingress.kubernetes.io/service.serversscheme": "h2c"},
            },
            "spec": {"selector": self._selector, "ports": [{"name": "grpc", "port": 80, "targetPort": self._target}]},
        }
        return (service, *super().objects(context))
