"""Throw-away pods: places from which to look at the cluster as a program in it would; made when asked for, removed together.

Every process of a run has the same ones: a cluster works to make a namespace and a pod on every node, and once more to remove them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from converge.kubernetes.objects import KubernetesObject, Ref
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

LABEL = "thinkube.dev/throw-away"
UID = 65532
PORT = 8080
ABANDONED_AFTER = timedelta(hours=1)

# Answers every connection like a web server whose only page is the pod's name. Perl is part of every Debian; bash cannot listen.
_SERVER = r"""
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 16, ReuseAddr => 1) or die $@;
$SIG{TERM} = sub { exit 0 };
while (my $client = $server->accept) {
  while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
  my $page = "$ENV{HOSTNAME}\n";
  print $client "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ", length $page, "\r\n\r\n$page";
  close $client;
}
"""

_CLIENT = r"""exec 3<>"/dev/tcp/$1/$2" && printf 'GET %s HTTP/1.0\r\n%s\r\n' "$3" "$4" >&3 && timeout 50 cat <&3"""


@dataclass(frozen=True)
class Program:
    """What a throw-away pod runs; it listens on ``PORT``. ``image`` is one that its node has, or the pods' own ("")."""

    command: Sequence[str] = ("perl", "-e", _SERVER, str(PORT))
    image: str = ""
    memory: str = "64Mi"
    uid: int = UID


class ThrowawayPods:
    """``pods.run(pods.make("one"), ["getent", "hosts", "auth.thinkube.test"])``.

    ``name`` is the run's own namespace for them (`namespace_name`). ``image`` has bash, perl and getent (the base image); ``prepare``
    makes the nodes have it. Each pod answers on port 8080 with its own name.
    """

    def __init__(self, api: Api, name: str, image: str, prepare: Callable[[], None], *, deadline_s: float = COMES_S) -> None:
        self._api = api
        self._name = name
        self._image = image
        self._prepare = prepare
        self._deadline_s = deadline_s
        self._on_node: dict[str, str] = {}

    @cached_property
    def namespace(self) -> str:
        """Where they live; made by the first process that asks."""
        if self._api.find("Namespace", self._name) is None:
            from converge.components import blocks

            self._prepare()
            _remove_abandoned(self._api)
            place = blocks.namespace(self._name)
            place["metadata"]["labels"][LABEL] = "true"
            self._api.apply(place)
        self._wait(Ref("ServiceAccount", "default", self._name, "v1"), lambda seen: seen is not None, "made")
        return self._name

    def on(self, *nodes: str) -> dict[str, str]:
        """The pod that runs on each of these nodes; made by the first process that asks, ready to run programs."""
        new = {node: f"on-{node}" for node in nodes if node not in self._on_node}
        self._ready([self._api.apply(self._pod(name, node=node)) for node, name in new.items()])
        self._on_node |= new
        return {node: self._on_node[node] for node in nodes}

    def make(self, name: str, *, claim: str = "", program: Program | None = None) -> str:
        """Make a pod and wait until it is ready; ``claim`` is a volume claim that it finds at ``/data``, ``/tmp`` is its own."""
        self._ready([self._api.create(self._pod(name, claim=claim, program=program or Program()))])
        return name

    def run(self, pod: str, argv: Sequence[str], stdin: str = "") -> str:
        """Run a program in a pod and return its output.

        Raises:
            ExecFailed: it ended with another status than 0.
        """
        from converge.kubernetes.execute import execute

        return execute(self._api, self.namespace, pod, argv, stdin)

    def fetch(self, pod: str, address: str, port: int, path: str = "/", headers: Mapping[str, str] | None = None) -> str:
        """What a pod gets from a web server at an address: the page's text."""
        said = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        answer = self.run(pod, ["bash", "-c", _CLIENT, "fetch", address, str(port), path, said])
        return answer.partition("\r\n\r\n")[2].strip()

    def address(self, pod: str) -> str:
        """The pod's own address."""
        address: str = self._api.get("Pod", pod, self.namespace)["status"]["podIP"]
        return address

    def node_of(self, pod: str) -> str:
        """The node that it runs on."""
        node: str = self._api.get("Pod", pod, self.namespace)["spec"]["nodeName"]
        return node

    def create(self, obj: KubernetesObject) -> KubernetesObject:
        """Create something beside the pods; it is removed with them."""
        obj["metadata"]["namespace"] = self.namespace
        return self._api.create(obj)

    def remove(self, pod: str) -> None:
        """Remove one pod and wait until it is gone: without a moment's grace it would be said to be, while its programs still answer."""
        if self._api.delete("Pod", pod, self.namespace, grace_s=1):
            self._wait(Ref("Pod", pod, self.namespace, "v1"), lambda seen: seen is None, "deleted")

    def _ready(self, pods: Sequence[KubernetesObject]) -> None:
        from converge.kubernetes.wait import wait_until_ready

        wait_until_ready(self._api, pods, self._deadline_s, subject="throw-away pods")

    def _wait(self, ref: Ref, predicate: Callable[[Any], bool], wanted: str) -> None:
        from converge.kubernetes.wait import wait_until

        wait_until(self._api, ref, predicate, self._deadline_s, wanted=wanted)

    def _pod(self, name: str, *, node: str = "", claim: str = "", program: Program = Program()) -> KubernetesObject:
        from converge.components import blocks

        volumes: list[KubernetesObject] = [{"name": "tmp", "emptyDir": {}}]
        volumes += [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
        mounts = [{"name": "tmp", "mountPath": "/tmp"}, *([{"name": "data", "mountPath": "/data"}] if claim else [])]  # noqa: S108 - the pod's own
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": self.namespace, "labels": {"app": name}},
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": 0,
                # A selector, not nodeName: only the scheduler lets a volume bind to the node of its first pod.
                "nodeSelector": {"kubernetes.io/hostname": node} if node else {},
                "tolerations": [{"operator": "Exists"}],
                "securityContext": blocks.pod_security(program.uid),
                "volumes": volumes,
                "containers": [
                    {
                        "name": "shell",
                        "image": program.image or self._image,
                        "imagePullPolicy": "IfNotPresent",
                        "command": list(program.command),
                        "resources": blocks.resources("10m/500m", f"16Mi/{program.memory}"),
                        "securityContext": blocks.locked_down(),
                        "readinessProbe": blocks.tcp_probe(PORT, period_s=1),
                        "volumeMounts": mounts,
                    }
                ],
            },
        }


def namespace_name() -> str:
    """A name for the namespace of a run's throw-away pods: ``throw-away-3f09c1``."""
    return f"throw-away-{secrets.token_hex(3)}"


def remove(api: Api, name: str) -> None:
    """Remove a run's throw-away pods and everything beside them, if any were made; the cluster finishes that by itself."""
    if api.find("Namespace", name) is not None:
        api.delete("Namespace", name)


def _remove_abandoned(api: Api) -> None:
    """A run that was killed could not remove its own."""
    for namespace in api.list("Namespace", labels=LABEL):
        made_at = datetime.fromisoformat(namespace["metadata"]["creationTimestamp"])
        if datetime.now(UTC) - made_at > ABANDONED_AFTER:
            api.delete("Namespace", namespace["metadata"]["name"], uid=namespace["metadata"]["uid"])
