"""The documentation as a site: pages in a Git repository, built by a workflow at each push, served behind the platform login.

A push is told to Argo Events, which starts a workflow: it clones what is newest, builds it strictly, keeps the result in object storage
as a release, and `delivery` makes it the one that is served. Pages with a fault end the workflow before anything is stored.
Source: MkDocs 1.6 and Material for MkDocs 9.8 documentation; Argo Workflows 3.7 ("Synchronization", "Init Containers").
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.argo_events.hook import WorkflowHook
from converge.components.argo_workflows.component import NAMESPACE as WORKFLOWS
from converge.components.component import Component
from converge.components.git.hook import PushHook
from converge.components.git.repository import GitRepository
from converge.components.login_proxy.login_proxy import LoginProxy
from converge.components.minio.bucket import Bucket
from converge.components.mkdocs import site
from converge.components.mkdocs.built import Newest
from converge.components.mkdocs.delivery import Delivery
from converge.components.mkdocs.platform_pages import PlatformPages
from converge.components.part import Elsewhere, Part
from converge.components.parts.held import Holds
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle
from converge.inventory import Inventory


class Mkdocs(Component):
    """CORE-012: the platform's own documentation, which people may go on writing."""

    name = "mkdocs"
    issue = "CORE-012"
    namespace = site.NAMESPACE
    called = "the documentation"
    keeps_nothing = "pages lie in the Git server, and the site is built of them again"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``; workflows run where Argo's controller looks, so what builds has its parts there."""
        builder = Elsewhere(site.BUILDER, WORKFLOWS, inventory)
        writers, source = GitRepository(self, name=site.REPOSITORY, may="write"), GitRepository(builder, name=site.REPOSITORY, shared=True)
        stored, served = Bucket(builder, name=site.BUCKET), Bucket(self, name=site.BUCKET, may="read", shared=True)
        ca, builders_ca = CaBundle(self), CaBundle(builder, name=f"{site.BUILDER}-ca")
        delivery, hook = Delivery(builder), WorkflowHook(self, template=site.TEMPLATE)
        pages = LoginProxy(self, groups=(), upstream=f"http://{site.SERVER}.{self.namespace}.svc:8080", host=site.HOST)
        manifests = Manifests(
            self,
            images=["mkdocs", "git"],
            requires=["argo-workflows"],
            site=site,
            web=pages.web,
            ca=ca,
            served=served,
            builders_ca=builders_ca,
            stored=stored,
            source=source,
            delivery=delivery,
        )
        return (
            writers,
            source,
            stored,
            served,
            ca,
            builders_ca,
            delivery,
            hook,
            PushHook(self, repository=site.REPOSITORY, url=hook.url),
            manifests,
            pages,
            Holds(lambda _, access: [PlatformPages(access)]),
            Newest(inventory.deadlines.component_s),
        )
