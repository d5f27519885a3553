"""Every component of the platform, in reading order; the order of execution comes from what each requires."""

from __future__ import annotations

from converge.components.argo_cd.component import ArgoCd
from converge.components.argo_events.component import ArgoEvents
from converge.components.argo_workflows.component import ArgoWorkflows
from converge.components.awx.component import Awx
from converge.components.cert_manager.component import CertManager
from converge.components.component import Component
from converge.components.control_node.component import ControlNode
from converge.components.dashboard.component import Dashboard
from converge.components.devpi.component import Devpi
from converge.components.dns.component import Dns
from converge.components.git.component import Git
from converge.components.harbor.component import Harbor
from converge.components.harness.component import Harness
from converge.components.ingress.component import Ingress
from converge.components.ingress_dashboard.component import IngressDashboard
from converge.components.jupyterhub.component import Jupyterhub
from converge.components.keycloak.component import Keycloak
from converge.components.metrics.component import Metrics
from converge.components.minio.component import Minio
from converge.components.minio_console.component import MinioConsole
from converge.components.mkdocs.component import Mkdocs
from converge.components.mlflow.component import Mlflow
from converge.components.opensearch.component import OpenSearch
from converge.components.pgadmin.component import Pgadmin
from converge.components.postgres.component import Postgres
from converge.components.postgres_backup.component import PostgresBackup
from converge.components.prometheus.component import Prometheus
from converge.components.registry.component import Registry
from converge.components.registry_mirror.component import RegistryMirror
from converge.components.storage.component import Storage
from converge.components.valkey.component import Valkey
from converge.components.worker_nodes.component import WorkerNodes
from converge.inventory import Inventory

COMPONENTS: tuple[type[Component], ...] = (
    ControlNode,  # CORE-001
    WorkerNodes,  # CORE-002
    Storage,  # CORE-001
    Metrics,  # CORE-001
    Dns,  # CORE-001
    Ingress,  # CORE-001
    CertManager,  # CORE-003
    Postgres,  # CORE-005
    Keycloak,  # CORE-004
    Minio,  # CORE-006
    MinioConsole,  # CORE-006
    PostgresBackup,  # CORE-005
    Git,  # CORE-009
    Devpi,  # CORE-010
    Registry,  # CORE-007
    RegistryMirror,  # CORE-007
    Harbor,  # CORE-007
    Valkey,  # OPT-011
    IngressDashboard,  # CORE-001
    ArgoWorkflows,  # CORE-008
    ArgoEvents,  # CORE-008
    ArgoCd,  # CORE-009
    Harness,  # CORE-011
    Awx,  # CORE-011
    Mkdocs,  # CORE-012
    Dashboard,  # CORE-013
    Prometheus,  # OPT-001
    OpenSearch,  # OPT-003
    Jupyterhub,  # OPT-004
    Mlflow,  # OPT-006
    Pgadmin,  # OPT-009
)


def known(inventory: Inventory) -> dict[str, Component]:
    """Every component on an inventory, by name; one whose inventory is not read yet is asked about the default one."""
    return {kind.name: kind(inventory) for kind in COMPONENTS}
