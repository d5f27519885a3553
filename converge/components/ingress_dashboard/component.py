"""The ingress's dashboard: routes, services and certificates as Traefik sees them, for administrators.

Traefik has no users of its own. It serves its dashboard only inside itself (``api@internal``); the one route to it asks the
login proxy about every request, see ``ingress/manifests``. Where no login proxy answers, nobody passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.blocks import namespace
from converge.components.component import Access, Component, Context, Credential, Endpoint, GeneratedSecret, KubernetesObject, Setting
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.login_proxy.login_proxy import IMAGE, REQUIRES, LoginProxy
from converge.inventory import Inventory


class IngressDashboard(Component):
    """CORE-001: what the ingress does, behind the platform login."""

    name = "ingress-dashboard"
    issue = "CORE-001"
    namespace = "ingress-dashboard"
    requires = ("ingress", *REQUIRES)
    images = (IMAGE,)

    def endpoints(self, inventory: Inventory) -> Sequence[Endpoint]:
        """``https://ingress-dashboard.thinkube.test``."""
        return (Endpoint("web", inventory.host(self.name)),)

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """The login proxy's."""
        return self._login(inventory).secrets()

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """The login proxy's."""
        return self._login(context.inventory).prerequisites(context, access)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """A login proxy; the dashboard itself is part of the ingress."""
        return (namespace(self.namespace), *self._login(context.inventory).objects(context))

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """The login proxy's."""
        return self._login(context.inventory).credentials(context, access)

    def _login(self, inventory: Inventory) -> LoginProxy:
        (endpoint,) = self.endpoints(inventory)
        return LoginProxy(self.name, self.namespace, endpoint.host, groups=(ADMINISTRATORS,))
