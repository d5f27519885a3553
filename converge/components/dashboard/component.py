"""The dashboard: a tile for each component, what the cluster uses, and for administrators what goes on inside.

The application is images/recipes/dashboard. Which components there are it reads in a ConfigMap that is rendered from the platform's own,
how they are it sees in the cluster, through an account that may read what is shown and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from converge.components.component import Component
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.login_proxy.login_proxy import LoginProxy
from converge.components.part import Owner, Part
from converge.components.parts.manifests import Manifests
from converge.components.parts.service_account import ServiceAccount
from converge.components.terms import Context, KubernetesObject, Listed
from converge.inventory import Inventory
from converge.kubernetes.objects import SYSTEM_NAMESPACE

READS: Sequence[tuple[str, Sequence[str], Sequence[str]]] = (
    ("", ["nodes", "pods", "events"], ["list"]),
    ("", ["pods/log", "nodes/stats"], ["get"]),
    ("apps", ["deployments", "statefulsets", "daemonsets"], ["list"]),
    ("batch", ["cronjobs", "jobs"], ["list"]),
    ("metrics.k8s.io", ["nodes"], ["list"]),
)
"""What its account may read in every namespace: API group, resources, verbs."""


PAGES = "web"
"""The purpose of a host on which people find pages."""


class Dashboard(Component):
    """CORE-013: the platform at a glance, behind its login."""

    name = "dashboard"
    issue = "CORE-013"
    namespace = "dashboard"
    called = "the Thinkube dashboard"
    keeps_nothing = "it shows what is there now, and draws an hour of it anew"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: whoever signs in may look; what is for administrators the application tells by their group."""
        proxy = LoginProxy(self, groups=(), upstream=f"http://{self.name}-server.{self.namespace}.svc", vouches=True)
        account = ServiceAccount(
            self,
            name=f"{self.name}-server",
            rules=[{"apiGroups": [group], "resources": resources, "verbs": verbs} for group, resources, verbs in READS],
            everywhere=True,
        )
        listed = EveryComponent(self)
        server = Manifests(
            self,
            requires=["metrics"],
            images=["dashboard"],
            proxy=proxy,
            account=account,
            components=listed.name,
            domain=inventory.domain_name,
            administrators=ADMINISTRATORS,
            system_namespace=SYSTEM_NAMESPACE,
        )
        return account, listed, server, proxy


class EveryComponent(Part):
    """ConfigMap ``<owner>-components`` with ``components.json``: every component of the platform, this one too."""

    requires = ("control-node",)

    def __init__(self, owner: Owner) -> None:
        self.name = f"{owner.name}-components"
        self._namespace = owner.namespace

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        text = json.dumps([_entry(one) for one in context.components()], indent=1)
        metadata = {"name": self.name, "namespace": self._namespace}
        return ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"components.json": text}},)


def _entry(one: Listed) -> dict[str, object]:
    """In the words of the application's ``catalogue.py``."""
    return {
        "name": one.name,
        "called": one.called,
        "issue": one.issue,
        "namespace": one.namespace,
        "part_of": one.part_of,
        "versions": dict(one.versions),
        # Programs' hosts have no page for people.
        "links": [{"purpose": endpoint.name, "url": endpoint.url} for endpoint in one.endpoints if endpoint.name == PAGES],
        "probes": [asdict(probe) for probe in one.probes],
    }
