"""The ingress's dashboard: routes, services and certificates as Traefik sees them, for administrators.

Traefik has no users of its own. It serves its dashboard only inside itself (``api@internal``); the one route to it asks the
login proxy about every request, see ``ingress/manifests``. Where no login proxy answers, nobody passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.login_proxy.login_proxy import LoginProxy
from converge.components.part import Part
from converge.components.parts.manifests import Namespace
from converge.inventory import Inventory


class IngressDashboard(Component):
    """CORE-001: what the ingress does, behind the platform login."""

    name = "ingress-dashboard"
    issue = "CORE-001"
    namespace = "ingress-dashboard"
    called = "Traefik's dashboard"
    keeps = "sessions"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: a login proxy; the dashboard itself is part of the ingress."""
        return Namespace(self), LoginProxy(self, groups=[ADMINISTRATORS])
