"""devpi: the platform's own Python packages, and a mirror that goes on serving what it has fetched of the public ones.

Two hosts lead to one server. People look at the pages behind the platform login, devpi has none of its own to give them; programs
(pip, twine) use the host for the API with the credentials of devpi's users, as they cannot follow to a login.
Source: devpi-server 6.20 (config.py, views.py), devpi-web 5.1, PyPA's upload and simple repository APIs.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.devpi.index_setting import Index
from converge.components.devpi.root import Root
from converge.components.devpi.server import API_HOST, MIRROR, PRODUCTION, SERVICE, UPLOADER
from converge.components.devpi.user import IndexUser
from converge.components.login_proxy.login_proxy import LoginProxy
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle
from converge.components.parts.volume import Volume
from converge.inventory import Inventory


class Devpi(Component):
    """CORE-010: Python packages of the platform's developers."""

    name = "devpi"
    issue = "CORE-010"
    namespace = "devpi"
    called = "devpi"
    keeps = "packages"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``; whoever is in the realm may look at the pages."""
        volume, ca, root = Volume(self, "5Gi"), CaBundle(self), Root(self)
        uploader = IndexUser(self, UPLOADER)
        pages = LoginProxy(self, groups=(), upstream=f"http://{SERVICE}.{self.namespace}.svc:3141")
        api = WebHost(self, host=API_HOST, service=SERVICE, port="http", purpose="api", page="/+api")
        server = Manifests(self, images=["devpi"], volume=volume, ca=ca, root=root, pages=pages.web)
        mirror = {"type": "mirror", "mirror_url": "https://pypi.org/simple/", "mirror_web_url_fmt": "https://pypi.org/project/{name}/"}
        own = {"type": "stage", "bases": [MIRROR], "volatile": False, "acl_upload": [UPLOADER], "acl_toxresult_upload": [UPLOADER]}
        indexes = Holds(
            lambda context, access: [
                Index(MIRROR, mirror | {"mirror_no_project_list": True}, context.inventory, access),
                Index(PRODUCTION, own, context.inventory, access, is_data=True),
            ]
        )
        return volume, ca, root, server, pages, api, uploader, indexes
