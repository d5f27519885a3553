"""MLflow: experiments, runs with their metrics and files, and models, of people and of programs that train.

It knows nobody itself, so the login proxy stands before it: people come with a browser, their programs with a token of theirs. Rows lie
in PostgreSQL, files in object storage, to which programs need no key: the server hands them on.
Source: MLflow 3.17 documentation ("Self-hosting", "Network security"), mlflow/server.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.login_proxy.login_proxy import LoginProxy
from converge.components.minio.bucket import Bucket
from converge.components.mlflow.server import NAME, PORT, SERVICE
from converge.components.part import Part
from converge.components.parts.manifests import Manifests
from converge.components.postgres.database import Database
from converge.inventory import Inventory


class Mlflow(Component):
    """OPT-006: what was tried, and what came of it."""

    name = NAME
    issue = "OPT-006"
    namespace = NAME
    called = "MLflow"
    keeps = "runs"
    is_optional = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: whoever is in the realm may log runs and read everybody's."""
        database, bucket = Database(self), Bucket(self)
        proxy = LoginProxy(self, groups=(), upstream=f"http://{SERVICE}.{self.namespace}.svc:{PORT}", vouches=True, takes_tokens=True)
        server = Manifests(self, images=["mlflow"], database=database, bucket=bucket, proxy=proxy, port=PORT)
        return database, bucket, server, proxy
