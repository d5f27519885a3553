"""JupyterHub: a notebook server of one's own for everybody who signs in, as a pod with a volume that stays.

The hub signs people in with the realm, and its groups tell who administers; it makes and ends pods in its own namespace and may do nothing
elsewhere. Its proxy runs beside it in one pod. Rows lie in PostgreSQL, what people write lies on a volume of each.
Source: JupyterHub 6.1, KubeSpawner 7.1 and OAuthenticator 17.4 documentation; configurable-http-proxy 4.5.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.jupyterhub.server import HOST, NAME, SERVICE, SIGN_ON
from converge.components.keycloak.oidc_client import ConfidentialClient
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.part import Owner, Part, PartWithSecret
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.scraped import Scraped
from converge.components.parts.service_account import ServiceAccount
from converge.components.parts.trust import CaBundle
from converge.components.postgres.database import Database
from converge.components.terms import GeneratedSecret
from converge.inventory import Inventory


class Jupyterhub(Component):
    """OPT-004: notebooks."""

    name = NAME
    issue = "OPT-004"
    namespace = NAME
    called = "JupyterHub"
    keeps = "files"
    is_optional = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``; people's volumes are made by the hub, when somebody comes for the first time."""
        database, ca, keys, account = Database(self), CaBundle(self), Keys(self), makes_servers(self)
        web = WebHost(self, host=HOST, service=SERVICE, port="http", page="/hub/health", sign_on=SIGN_ON)
        client = ConfidentialClient(self, redirect_uris=[f"{web.url}/hub/oauth_callback"], logout_uris=[f"{web.url}/*"])
        server = Manifests(
            self,
            images=["jupyterhub", "notebook"],
            follow=True,
            requires=["storage"],
            database=database,
            ca=ca,
            keys=keys,
            account=account,
            web=web,
            client=client,
            administrators=ADMINISTRATORS,
            storage=inventory.options(self.name).storage or "2Gi",
        )
        scraped = Scraped(self, selector={"app.kubernetes.io/name": SERVICE}, port=8081, path="/hub/metrics")
        return database, ca, keys, client, account, server, web, scraped


def makes_servers(owner: Owner) -> ServiceAccount:
    """What the hub may do: pods and volumes of people, in this namespace."""
    everything = ["get", "list", "watch", "create", "delete"]
    rules = [
        {"apiGroups": [""], "resources": ["pods", "persistentvolumeclaims"], "verbs": everything},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["get", "list", "watch"]},
    ]
    return ServiceAccount(owner, name=SERVICE, rules=rules)


class Keys(PartWithSecret):
    """What signs the hub's cookies, and what its proxy knows it by; new ones sign everybody out."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, f"{owner.name}-keys", {"cookie-secret": "hex32", "proxy-token": "hex32"})
