"""In which terms components and their parts speak: hosts, settings, credentials, and what they may know and use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from converge.inventory import Inventory
from converge.kubernetes.difference import Difference as Difference
from converge.kubernetes.objects import GeneratedSecret as GeneratedSecret
from converge.kubernetes.objects import KubernetesObject as KubernetesObject
from converge.nodes.provider import Cluster, NodeProvider
from converge.progress import SILENCE, Progress

if TYPE_CHECKING:
    import requests

    from converge.kubernetes.client import Api


@dataclass(frozen=True)
class Endpoint:
    """A host name that a component serves: ``Endpoint("api", "minio.thinkube.test")`` is ``https://minio.thinkube.test``.

    ``page`` is one that the component answers, whatever it says, with anything but 404: what the ingress says of hosts that it does
    not know. ``sign_on`` is one that signs a person in with the platform login, and shows something to whoever is: "/oauth2/start"; ""
    where there is none. ``ends_within_s`` is how soon somebody's session there ends after the platform login did; 0 where it has an end
    of its own.
    """

    name: str
    host: str
    page: str = "/"
    sign_on: str = ""
    ends_within_s: int = 0

    @property
    def url(self) -> str:
        """``https://minio.thinkube.test``."""
        return f"https://{self.host}"

    @property
    def page_url(self) -> str:
        """``https://minio.thinkube.test/minio/health/live``."""
        return f"{self.url}{self.page}"


@dataclass(frozen=True)
class Remark:
    """What a person did on purpose and a converge leaves alone: said by plans and runs, yet nothing to write.

    ``Remark("Node local-worker-1", "is cordoned: it takes no new pods", "kubectl uncordon local-worker-1")``; the last undoes it.
    """

    subject: str
    text: str
    next_command: str

    def __str__(self) -> str:
        return f"{self.subject} {self.text}; {self.next_command}"


@dataclass(frozen=True)
class Probe:
    """How something in the cluster can tell whether a component serves: ``Probe("page", "https://minio.thinkube.test/")``.

    "workloads" and "jobs" are those that carry the component's label, "nodes" those of the role ``target``, "page" and "name" what
    answers or resolves at ``target``.
    """

    kind: str
    target: str = ""


@dataclass(frozen=True)
class Listed:
    """A component as others may show it; ``part_of`` is the value of the label that its objects carry (`PART_OF`).

    ``versions`` are those of what it runs, by image: ``{"keycloak": "26.7.4"}``.
    """

    name: str
    called: str
    issue: str
    namespace: str
    part_of: str
    versions: Mapping[str, str]
    endpoints: Sequence[Endpoint]
    probes: Sequence[Probe]


class Setting(Protocol):
    """Something that only a product's own admin API can hold: a realm, a bucket, a database.

    ``subject`` names it for people: "realm thinkube", "bucket acceptance", "database keycloak".
    """

    subject: str

    def differences(self) -> Sequence[Difference]:
        """Read what is there and compare; empty where nothing differs. Changes nothing.

        Raises:
            Unreachable: it could not be looked at, which is neither "absent" nor "different".
        """

    def write(self) -> None:
        """Make it so: create what is absent, change what differs, leave alone what is not ours."""


@runtime_checkable
class Held(Setting, Protocol):
    """A setting that is data of a component: ``within`` is its name, "postgres" for a database. It is there as long as that data is.

    ``within`` is "" for what the cluster itself holds and nobody's data is, such as a block in the cluster's DNS.
    """

    within: str


@runtime_checkable
class Data(Held, Protocol):
    """A setting whose content belongs to people (``is_data``): where it has to be made anew, what was in it is lost."""

    is_data: bool


@runtime_checkable
class Removable(Held, Protocol):
    """A setting that outlives its component's objects, and how a rollback takes it away: with "" always, else only when it purges."""

    def is_there(self) -> bool:
        """Whether there is something to remove.

        Raises:
            Unreachable: it could not be looked at.
        """

    def remove(self) -> None:
        """Take it away with all that it holds; absent is fine."""


@dataclass(frozen=True)
class Credential:
    """What opens with a generated Secret, and how it learns new values.

    ``accepts`` tries values of the Secret's keys and says whether they open it (Unreachable where nobody answers).
    ``change`` tells a product that has to hear of new values before the Secret holds them; it gets the old ones and the new ones, and
    may be asked again. Settings that compare a password (a database, an OIDC client) carry a new one by themselves, and most servers
    take theirs at their start: pods that name the Secret are restarted, unless ``needs_restart`` is False.
    ``recover`` puts values into a product that has others, which nobody here knows; None where every converge does that by itself.
    """

    secret: GeneratedSecret
    accepts: Callable[[Mapping[str, str]], bool]
    change: Callable[[Mapping[str, str], Mapping[str, str]], None] = lambda _, __: None
    needs_restart: bool = True
    recover: Callable[[Mapping[str, str]], None] | None = None


@dataclass(frozen=True)
class Backup:
    """Data that is copied before another version of its component's programs may change it.

    ``subject`` is "database keycloak"; ``make()`` copies it in place of the copy before, and says how it is brought back.
    """

    subject: str
    make: Callable[[], str]


@dataclass(frozen=True)
class Context:
    """What a component may know when it says which Kubernetes objects it should consist of.

    ``image("keycloak")`` is the reference that the nodes run; ``release("cert-manager")`` the folder of the pinned upstream
    release's manifests; ``ca_pem()`` the certificates of the CAs to trust: one, or while the
    platform's CA is being replaced the old one too (raises NotReady until there is one); ``components()`` are all that the platform has;
    ``version("keycloak")`` is the version of what the image holds, "" where nothing tells it.
    """

    inventory: Inventory
    ingress_address: str
    image: Callable[[str], str]
    release: Callable[[str], Path]
    ca_pem: Callable[[], str]
    components: Callable[[], Sequence[Listed]] = lambda: ()
    version: Callable[[str], str] = lambda _: ""


@dataclass(frozen=True)
class Access:
    """What a component's settings may use to reach the running platform.

    ``http`` trusts the platform's CA and resolves its domain to the ingress; ``secret("keycloak", "keycloak-admin", "password")``
    reads a Secret's value; ``cluster()`` is the running cluster;
    ``execute("postgres", "postgres-0", ["psql"], "select 1")`` runs a program in a pod and returns its output; where the pod has several
    containers, ``"git-0/ssh"`` is one of them.
    """

    http: requests.Session
    secret: Callable[[str, str, str], str]
    execute: Callable[[str, str, Sequence[str], str], str]
    provider: NodeProvider
    cluster: Callable[[], Cluster]
    api: Callable[[], Api]
    progress: Progress = SILENCE
