"""The inventory's shape; defaults here are the product's defaults, and schema.json is generated from this file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")]
Host = Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$")]
Cidr = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$")]
Address = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}$")]


class Part(BaseModel):
    """A section of the inventory: unknown keys are faults, values do not change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretSource(Part):
    """Where a secret value is; the inventory never holds the value itself."""

    from_env: str | None = Field(None, description="name of an environment variable")
    from_file: Path | None = Field(None, description="a file that holds only the value")


class EmbeddedNodes(Part):
    """A kubeadm cluster of network-namespace nodes on this machine."""

    kind: Literal["embedded"] = "embedded"
    workers: int = Field(1, ge=0, le=8, description="worker nodes beside the control node")
    subnet: Cidr = Field("10.88.88.0/24", description="the nodes' private bridge; its first address is this machine's")
    pod_subnet: Cidr = "10.244.0.0/16"
    service_subnet: Cidr = "10.96.0.0/16"


class SshHost(Part):
    """A machine reached over SSH."""

    name: Name
    address: Address
    role: Literal["control", "worker"]
    user: str = "root"
    port: int = Field(22, ge=1, le=65535)
    key_file: Path | None = None


class MicroK8sNodes(Part):
    """SSH hosts that become MicroK8s nodes."""

    kind: Literal["microk8s"]
    channel: str = "1.35/stable"
    hosts: tuple[SshHost, ...] = Field(min_length=1)


class ExistingNodes(Part):
    """A cluster that is already there: kind, k3s, a cloud."""

    kind: Literal["existing"]
    kubeconfig: Path
    context: str | None = None
    ingress_address: Address = Field(description="the address at which the ingress will be reached on ports 80 and 443")


class PrivateCa(Part):
    """Certificates from a CA of the platform's own."""

    kind: Literal["private-ca"] = "private-ca"


class Acme(Part):
    """Public certificates by ACME with DNS-01 through Cloudflare."""

    kind: Literal["acme"]
    email: str
    server: str = "https://acme-v02.api.letsencrypt.org/directory"
    cloudflare_token: SecretSource


class Images(Part):
    """Where images come from."""

    source: Literal["auto", "packages", "upstream"] = "auto"
    mirror: str | None = Field(None, description="host:port of a registry through which upstream references are pulled")


class Deadlines(Part):
    """How long a wait may take."""

    nodes_s: int = Field(300, ge=10)
    component_s: int = Field(300, ge=10, description="for one component to become ready")
    lease_s: int = Field(600, ge=0, description="for another run to finish")


class ComponentOptions(Part):
    """What may be said about one component; everything has a default."""

    deadline_s: int | None = Field(None, ge=10)
    storage: str | None = Field(None, pattern=r"^\d+(Mi|Gi|Ti)$")


class Inventory(Part):
    """What the platform should be built on and consist of."""

    name: Name = Field("local", description="the cluster's name; several can live side by side")
    domain_name: Host = "thinkube.test"
    admin_username: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,62}$")] = "tkadmin"
    nodes: Annotated[EmbeddedNodes | MicroK8sNodes | ExistingNodes, Field(discriminator="kind")] = EmbeddedNodes()
    issuer: Annotated[PrivateCa | Acme, Field(discriminator="kind")] = PrivateCa()
    images: Images = Images()
    deadlines: Deadlines = Deadlines()
    components: dict[str, ComponentOptions | None] = Field(
        default_factory=dict, description="component name → options; empty means all that exist"
    )

    def host(self, label: str) -> str:
        """``host("auth")`` is ``auth.thinkube.test``."""
        return f"{label}.{self.domain_name}"

    def options(self, component: str) -> ComponentOptions:
        """The options of one component, or the defaults."""
        return self.components.get(component) or ComponentOptions()
