"""The inventory's shape; defaults here are the product's defaults, and schema.json is generated from this file."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from converge import authority
from converge.authority import Authority
from converge.errors import Missing
from converge.inventory.values import Address, Cidr, Domain, File, HostAndPort, HostKey, Name, Validation, Variable
from converge.redaction import REDACTOR


class Known(Protocol):
    """What has to be known of a component that an inventory may name."""

    @property
    def is_optional(self) -> bool:
        """Whether it comes only where somebody asks for it."""

    @property
    def requires(self) -> Sequence[str]:
        """The components that have to be there before it."""


class Part(BaseModel):
    """A section of the inventory: unknown keys are faults, values do not change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class SecretSource(Part):
    """Where a secret value is; the inventory never holds the value itself."""

    from_env: Variable | None = Field(None, description="name of an environment variable")
    from_file: File | None = Field(None, description="a file that holds only the value")

    @model_validator(mode="after")
    def _has_one_source(self) -> SecretSource:
        if (self.from_env is None) == (self.from_file is None):
            raise ValueError("expected from_env or from_file, seen " + ("neither" if self.from_env is None else "both"))
        return self

    def read(self) -> str:
        """The value itself, from now on taken out of every log and report.

        Raises:
            Missing: the variable is not set, there is no such file, or they hold nothing.
        """
        value = self.look(os.environ)
        REDACTOR.add(value)
        return value

    def look(self, variables: Mapping[str, str]) -> str:
        """The same for what is no secret; ``variables`` are the environment's.

        Raises:
            Missing: as for `read`.
        """
        try:
            value = (variables[self.from_env] if self.from_env else Path(str(self.from_file)).read_text(encoding="utf-8")).strip()
        except KeyError as error:
            raise Missing(f"environment variable {self.from_env}", seen="not set", next_command=f"export {self.from_env}=…") from error
        except OSError as error:
            raise Missing(
                f"file {self.from_file}", seen=error.strerror or "cannot be read", next_command="thinkube inventory check"
            ) from error
        except UnicodeDecodeError as error:
            raise Missing(f"text in the file {self.from_file}", seen="something else", next_command="thinkube inventory check") from error
        if not value:
            raise Missing(f"a value in {self.from_env or self.from_file}", seen="nothing", next_command="thinkube inventory check")
        return value


class EmbeddedNodes(Part):
    """A kubeadm cluster of network-namespace nodes on this machine."""

    kind: Literal["embedded"] = "embedded"
    workers: int = Field(1, ge=0, le=8, description="worker nodes beside the control node")
    subnet: Cidr = Field("10.88.88.0/24", description="the nodes' private bridge; its first address is this machine's")
    pod_subnet: Cidr = Field("10.244.0.0/16", description="the pods' addresses; each node takes a /24 of it")
    service_subnet: Cidr = Field("10.96.0.0/16", description="the services' addresses")


class SshHost(Part):
    """A machine reached over SSH."""

    name: Name = Field(description="the node's name in the cluster")
    address: Address = Field(description="at which this machine and the other nodes reach it")
    role: Literal["control", "worker"]
    user: str = Field("root", min_length=1, description="logs in over SSH; has to be root or to have sudo")
    port: int = Field(22, ge=1, le=65535, description="of the SSH server")
    key_file: File | None = Field(None, description="private key; without it the SSH agent and the usual keys are tried")
    host_key: HostKey | None = Field(None, description="the server's public key; without it ~/.ssh/known_hosts has to know the address")
    sudo_password: SecretSource | None = Field(None, description="for a user whose sudo asks for one")


class HostsNodes(Part):
    """A kubeadm cluster on machines that are reached over SSH."""

    kind: Literal["hosts"]
    hosts: tuple[SshHost, ...] = Field(min_length=1, description="exactly one of them has the role control")
    pod_subnet: Cidr = Field("10.244.0.0/16", description="the pods' addresses; each node takes a /24 of it")
    service_subnet: Cidr = Field("10.96.0.0/16", description="the services' addresses")


class MicroK8sNodes(Part):
    """SSH hosts that become MicroK8s nodes."""

    kind: Literal["microk8s"]
    channel: str = Field("1.35/stable", pattern=r"^[^/\s]+/(stable|candidate|beta|edge)$", description="of the microk8s snap")
    hosts: tuple[SshHost, ...] = Field(min_length=1, description="exactly one of them has the role control")


class ExistingNodes(Part):
    """A cluster that is already there: kind, k3s, a cloud."""

    kind: Literal["existing"]
    kubeconfig: File = Field(description="how to reach the cluster, with the rights of an administrator")
    context: str | None = Field(None, min_length=1, description="of the kubeconfig; without it the current one")
    ingress_address: Address = Field(description="the address at which the ingress will be reached on ports 80 and 443")


class PrivateCa(Part):
    """Certificates from a private CA: one of the platform's own, or one that you have."""

    kind: Literal["private-ca"] = "private-ca"
    certificate: SecretSource | None = Field(None, description="of a CA that you have, followed by those above it up to the root (PEM)")
    key: SecretSource | None = Field(None, description="the private key of that CA (PEM, without a password)")

    @model_validator(mode="after")
    def _can_sign(self, info: ValidationInfo) -> PrivateCa:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("expected both certificate and key, or neither; missing: " + ("key" if self.certificate else "certificate"))
        if isinstance(info.context, Validation) and info.context.check_files:
            try:
                made = self.authority(info.context.variables)
            except Missing as missing:
                raise ValueError(f"{missing.wanted}: {missing.seen}") from None
            if made and (fault := authority.fault(made)):
                raise ValueError(fault)
        return self

    def authority(self, variables: Mapping[str, str] = os.environ) -> Authority | None:
        """The CA that was given; None where the platform makes its own.

        Raises:
            Missing: as for `SecretSource.read`.
        """
        if self.certificate is None or self.key is None:
            return None
        key = self.key.look(variables)
        REDACTOR.add(key)
        return Authority(self.certificate.look(variables) + "\n", key + "\n")


class Acme(Part):
    """Public certificates by ACME with DNS-01 through Cloudflare."""

    kind: Literal["acme"]
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="told of certificates that are about to expire")
    server: str = Field("https://acme-v02.api.letsencrypt.org/directory", pattern=r"^https://\S+$", description="the ACME directory")
    cloudflare_token: SecretSource = Field(description="may edit the DNS of the domain")


class Images(Part):
    """Where images come from."""

    source: Literal["auto", "packages", "upstream"] = Field("auto", description="published images, or the same software built here")
    mirror: HostAndPort | None = Field(None, description="host:port of a registry through which upstream references are pulled")
    load: tuple[str, ...] | None = Field(
        None, min_length=1, description="loads an image into the nodes of an existing cluster: a program and its arguments, with {archive}"
    )

    @field_validator("load")
    @classmethod
    def _names_the_archive(cls, command: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if command and not any("{archive}" in word for word in command):
            raise ValueError("expected {archive} among the arguments: [kind, load, image-archive, '{archive}']")
        return command


class Deadlines(Part):
    """How long a wait may take, in seconds."""

    nodes_s: int = Field(300, ge=10, le=7200, description="for the nodes to become ready")
    component_s: int = Field(300, ge=10, le=7200, description="for one component to become ready")
    lease_s: int = Field(600, ge=0, le=7200, description="for another run to finish")


class ComponentOptions(Part):
    """What may be said about one component; everything has a default."""

    enabled: bool = Field(True, description="false leaves it out")
    deadline_s: int | None = Field(None, ge=10, le=7200, description="instead of deadlines.component_s")
    storage: str | None = Field(None, pattern=r"^[1-9]\d{0,5}(Mi|Gi|Ti)$", description="size of its volume, such as 10Gi")
    replicas: int | None = Field(None, ge=1, le=9, description="how many servers of Valkey: one takes writes")


class Mirror(Part):
    """What the platform's mirror pulls through."""

    upstream: str = Field("https://registry-1.docker.io", pattern=r"^https?://[^\s/]+$", description="a registry: Docker Hub, or another")


class Inventory(Part):
    """What the platform should be built on and consist of."""

    name: Name = Field("local", description="the cluster's name; several can live side by side")
    domain_name: Domain = Field("thinkube.test", description="every component is served below it: auth.thinkube.test")
    admin_username: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,62}$")] = Field("tkadmin", description="the platform's first user")
    nodes: Annotated[EmbeddedNodes | HostsNodes | MicroK8sNodes | ExistingNodes, Field(discriminator="kind")] = EmbeddedNodes()
    issuer: Annotated[PrivateCa | Acme, Field(discriminator="kind")] = PrivateCa()
    images: Images = Images()
    mirror: Mirror = Mirror()
    deadlines: Deadlines = Deadlines()
    components: dict[str, ComponentOptions | None] = Field(
        default_factory=dict,
        description="name → options: these and what they require; all that are not optional too where only optional ones are listed",
    )

    _file: str = PrivateAttr("")

    @property
    def file(self) -> str:
        """Where it was read: ``inventory/homelab.yaml``; "" where it was made otherwise."""
        return self._file

    def read_from(self, file: str) -> Inventory:
        """The same, which remembers where it was read."""
        copy = self.model_copy()
        copy._file = file
        return copy

    def host(self, label: str) -> str:
        """``host("auth")`` is ``auth.thinkube.test``."""
        return f"{label}.{self.domain_name}"

    def options(self, component: str) -> ComponentOptions:
        """The options of one component, or the defaults."""
        return self.components.get(component) or ComponentOptions()

    def enabled(self, known: Mapping[str, Known]) -> tuple[str, ...]:
        """The components that this inventory asks for, and what they require, in the order of ``known`` (all that there are)."""
        listed = {name for name in self.components if self.options(name).enabled}
        wanted = closure(selected(listed, set(self.components) - listed, known), needs(known))
        return tuple(name for name in known if name in wanted)


def selected(listed: Collection[str], left_out: Collection[str], known: Mapping[str, Known]) -> set[str]:
    """The components that are wanted by name: those that are listed, and all others where only optional ones are."""
    optional = {name for name, one in known.items() if one.is_optional}
    return set(listed) if set(listed) - optional else {*listed, *(known.keys() - optional - set(left_out))}


def needs(known: Mapping[str, Known]) -> dict[str, Sequence[str]]:
    """What each requires: ``{"keycloak": ("postgres", …)}``."""
    return {name: one.requires for name, one in known.items()}


def closure(names: Iterable[str], requires: Mapping[str, Sequence[str]]) -> set[str]:
    """The names and all that they require, directly or not."""
    reached: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += requires.get(name, ())
    return reached
