"""The API server, spoken to in raw JSON: thread-safe, counted, and quick to open (no generated models are imported)."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converge.errors import Refused
from converge.kubernetes.discovery import Resource
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.kubeconfig import Credentials, read_kubeconfig
from converge.kubernetes.objects import MANAGER, KubernetesObject, Ref
from converge.kubernetes.patience import QUIET_S, Patience
from converge.kubernetes.reader import Objects
from converge.kubernetes.request import PATIENCE_S, WRITES, Request

if TYPE_CHECKING:
    from converge.kubernetes.wire import Events, Wire

Observer = Callable[[Request, int, float], None]
"""Told of each request after its answer: the request, its HTTP status (0: no answer) and its seconds."""

Waiting = Callable[[str], None]
"""Told what a request or a write waits for, in the server's words, each time that this changes."""


class Counts(Counter[str]):
    """Requests by verb: ``{"list": 4, "apply": 1, "apply (dry run)": 2}``."""

    _lock = threading.Lock()

    @property
    def writes(self) -> int:
        """How many of them were writes, dry runs aside."""
        return sum(number for verb, number in self.items() if verb in WRITES)

    def add(self, request: Request) -> None:
        """Count one."""
        with self._lock:
            self[request.counted_as] += 1


class Api:
    """One API server as one identity.

    Kinds are named as ``"Deployment"`` where built in, else with their group: ``"Certificate.cert-manager.io"``.
    Reads, deletes and applies are repeated while trouble is temporary, for ``patience_s`` at most; other answers count at once.
    An identity that may only look into one namespace is ``within`` it: what is asked of all namespaces is then asked of that one.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        read_only: bool = False,
        patience_s: float = PATIENCE_S,
        observe: Observer | None = None,
        waiting: Waiting | None = None,
        counts: Counts | None = None,
        within: str = "",
    ) -> None:
        self.wire = wire
        self.within = within
        self.read_only = read_only
        self.patience_s = patience_s
        self.counts = Counts() if counts is None else counts
        self._observe = observe
        self._waiting = waiting

    @classmethod
    def from_kubeconfig(
        cls,
        path: Path,
        context: str | None = None,
        *,
        foreign: bool = False,
        read_only: bool = False,
        observe: Observer | None = None,
        within: str = "",
    ) -> Api:
        """Open the cluster that a kubeconfig names; nothing is sent yet. A ``foreign`` one may be beyond the environment's proxy."""
        from converge.kubernetes.wire import Wire  # urllib3 and all: a run that only collects opens nothing

        return cls(Wire(read_kubeconfig(Path(path), context, foreign=foreign)), read_only=read_only, observe=observe, within=within)

    @property
    def writes(self) -> int:
        """How many writes were asked for, dry runs aside."""
        return self.counts.writes

    def view(
        self,
        *,
        read_only: bool = False,
        patience_s: float | None = None,
        observe: Observer | None = None,
        waiting: Waiting | None = None,
        counts: Counts | None = None,
    ) -> Api:
        """The same connections with settings and (unless ``counts`` are given) counts of its own; what is read-only stays so."""
        return Api(
            self.wire,
            read_only=self.read_only or read_only,
            patience_s=self.patience_s if patience_s is None else patience_s,
            observe=observe or self._observe,
            waiting=waiting or self._waiting,
            counts=counts,
            within=self.within,
        )

    def with_token(self, token: str) -> Api:
        """The same server and CA as another identity, without this one's certificate."""
        from converge.kubernetes.wire import Wire

        mine = self.wire.credentials
        other = Credentials(server=mine.server, ca_pem=mine.ca_pem, server_name=mine.server_name, token=lambda: token)
        return Api(Wire(other), read_only=self.read_only, patience_s=self.patience_s, observe=self._observe, waiting=self._waiting)

    def close(self) -> None:
        """Close the connections, those of every view included."""
        self.wire.close()

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resource(self, kind: str, api_version: str = "") -> Resource:
        """Where a kind lives.

        Raises:
            UnknownKind: the server serves no such kind.
        """
        return self.wire.discovery.resource(kind, api_version)

    # Reading

    def get(self, kind: str, name: str, namespace: str = "", *, api_version: str = "") -> KubernetesObject:
        """One object.

        Raises:
            ApiRefused: 404 where it does not exist, 403 where it may not be seen.
        """
        resource = self.resource(kind, api_version)
        ref = Ref(resource.kind, name, namespace, resource.api_version)
        return self._json(Request("get", "GET", resource.path(namespace, name), f"read {ref}", next_command=f"kubectl get {ref.kubectl}"))

    def find(self, kind: str, name: str, namespace: str = "", *, api_version: str = "") -> KubernetesObject | None:
        """One object, or None where it (or its kind) does not exist."""
        try:
            return self.get(kind, name, namespace, api_version=api_version)
        except ApiRefused as refused:
            if refused.code == 404:
                return None
            raise

    def list(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "", api_version: str = "") -> Objects:
        """All objects of a kind, of one namespace or ("") of all; ``labels`` and ``fields`` are selectors."""
        return self.list_with_version(kind, namespace, labels=labels, fields=fields, api_version=api_version)[0]

    def list_with_version(
        self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "", api_version: str = ""
    ) -> tuple[Objects, str]:
        """The objects, and the resource version from which a watch carries on."""
        resource = self.resource(kind, api_version)
        query = {key: value for key, value in (("labelSelector", labels), ("fieldSelector", fields)) if value}
        namespace = self._where(resource, namespace)
        where = f" in {namespace}" if namespace else ""
        next_command = f"kubectl auth can-i list {resource.plural}"
        answer = self._json(
            Request("list", "GET", resource.path(namespace), f"list {resource.plural}{where}", query, next_command=next_command)
        )
        items: Objects = answer.get("items") or []
        for item in items:
            item["apiVersion"], item["kind"] = resource.api_version, resource.kind
        return items, answer["metadata"].get("resourceVersion", "")

    def watch(
        self, kind: str, namespace: str = "", *, version: str, labels: str = "", fields: str = "", api_version: str = "", seconds: int = 300
    ) -> Events:
        """Events after ``version``, over one connection, until the server ends it after ``seconds``: ``{"type": "ADDED", "object": …}``.

        ``close()`` ends it from any thread. `converge.kubernetes.watch` is what survives drops and restarts.

        Raises:
            ApiRefused: also 410, when ``version`` is too old.
            Unreachable: the connection broke, or temporary trouble; not repeated here.
        """
        resource = self.resource(kind, api_version)
        query: dict[str, str | int | list[str]] = {
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": seconds,
        }
        query |= {key: value for key, value in (("labelSelector", labels), ("fieldSelector", fields)) if value}
        request = Request("watch", "GET", resource.path(self._where(resource, namespace)), f"watch {resource.plural}", query)
        return self.wire.events(request, read_s=seconds + 15, tell=self.observed)

    def logs(self, namespace: str, pod: str, container: str = "", *, tail: int = 30, previous: bool = False) -> str:
        """The last lines that a container wrote; ``previous`` for the run before its last restart."""
        query: dict[str, str | int | list[str]] = {"tailLines": tail, "previous": str(previous).lower()}
        if container:
            query["container"] = container
        path = self.resource("Pod").path(namespace, pod, "log")
        subject = f"logs of Pod {namespace}/{pod}"
        return self._send(Request("logs", "GET", path, subject, query, next_command=f"kubectl logs {pod} -n {namespace}")).decode(
            "utf-8", "replace"
        )

    def read(self, path: str, **query: str) -> str:
        """The text at a path, e.g. ``/readyz``, ``/version``, ``/metrics``."""
        return self._send(Request("get", "GET", path, f"GET {path}", query)).decode("utf-8", "replace")

    # Writing

    def create(self, obj: KubernetesObject, *, dry_run: bool = False) -> KubernetesObject:
        """Create an object that must not exist yet."""
        resource, ref = self._located(obj)
        query = _query(dry_run, fieldManager=MANAGER, fieldValidation="Strict")
        return self._json(
            Request(
                "create",
                "POST",
                resource.path(ref.namespace),
                f"create {ref}",
                query,
                obj,
                dry_run=dry_run,
                idempotent=False,
                next_command=_explain(ref),
            )
        )

    def replace(self, obj: KubernetesObject, *, dry_run: bool = False) -> KubernetesObject:
        """Replace an object; its ``resourceVersion``, where set, must still be the current one."""
        resource, ref = self._located(obj)
        query = _query(dry_run, fieldManager=MANAGER)
        idempotent = not obj["metadata"].get("resourceVersion")
        path = resource.path(ref.namespace, ref.name)
        return self._json(
            Request(
                "replace", "PUT", path, f"replace {ref}", query, obj, dry_run=dry_run, idempotent=idempotent, next_command=_explain(ref)
            )
        )

    def apply(self, obj: KubernetesObject, *, dry_run: bool = False, force: bool = False) -> KubernetesObject:
        """Server-side apply as manager ``thinkube``; without ``force`` a field of another manager is a conflict (409)."""
        resource, ref = self._located(obj)
        query = _query(dry_run, fieldManager=MANAGER, fieldValidation="Strict", force=str(force).lower())
        path = resource.path(ref.namespace, ref.name)
        return self._json(
            Request("apply", "PATCH", path, f"apply {ref}", query, obj, "application/apply-patch+yaml", dry_run, next_command=_explain(ref))
        )

    def patch(
        self,
        kind: str,
        name: str,
        namespace: str = "",
        patch: Any = None,
        *,
        dry_run: bool = False,
        subresource: str = "",
        api_version: str = "",
    ) -> KubernetesObject:
        """Change an object by a merge patch (a mapping) or a JSON patch (a list of operations)."""
        resource = self.resource(kind, api_version)
        ref = Ref(resource.kind, name, namespace, resource.api_version)
        content_type = "application/json-patch+json" if isinstance(patch, list) else "application/merge-patch+json"
        path = resource.path(namespace, name, subresource)
        idempotent = not isinstance(patch, list)
        query = _query(dry_run, fieldManager=MANAGER)
        return self._json(
            Request("patch", "PATCH", path, f"patch {ref}", query, patch, content_type, dry_run, idempotent, next_command=_explain(ref))
        )

    def delete(
        self,
        kind: str,
        name: str,
        namespace: str = "",
        *,
        propagation: str = "Background",
        uid: str = "",
        grace_s: int | None = None,
        dry_run: bool = False,
        api_version: str = "",
    ) -> bool:
        """Delete an object; False where there was none. With ``uid`` only if it is still that very object.

        ``grace_s`` is how long a pod's programs may take to end, where that is not what the pod itself says.
        """
        resource = self.resource(kind, api_version)
        ref = Ref(resource.kind, name, namespace, resource.api_version)
        body: dict[str, Any] = {"propagationPolicy": propagation}
        if uid:
            body["preconditions"] = {"uid": uid}
        if grace_s is not None:
            body["gracePeriodSeconds"] = grace_s
        path = resource.path(namespace, name)
        try:
            self._send(
                Request(
                    "delete",
                    "DELETE",
                    path,
                    f"delete {ref}",
                    _query(dry_run),
                    body,
                    dry_run=dry_run,
                    next_command=f"kubectl get {ref.kubectl}",
                )
            )
        except ApiRefused as refused:
            if refused.code == 404:
                return False
            raise
        return True

    def evict(self, pod: KubernetesObject) -> None:
        """Ask that this very pod leaves its node, once disruption budgets allow it; one that is gone already has left."""
        ref = Ref.of(pod)
        metadata, options = {"name": ref.name, "namespace": ref.namespace}, {"preconditions": {"uid": pod["metadata"]["uid"]}}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata, "deleteOptions": options}
        path = self.resource("Pod").path(ref.namespace, ref.name, "eviction")
        try:
            self._send(Request("create", "POST", path, f"evict {ref}", _query(False), body, next_command=f"kubectl describe {ref.kubectl}"))
        except ApiRefused as refused:
            if refused.code not in (404, 409):  # 409: another pod has its name
                raise

    def token(self, namespace: str, account: str, *, lifetime_s: int = 600) -> str:
        """A new token of a service account, as its pods get one."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": lifetime_s}}
        path = self.resource("ServiceAccount").path(namespace, account, "token")
        request = Request("create", "POST", path, f"token of ServiceAccount {namespace}/{account}", _query(False), body, idempotent=False)
        made: str = self._json(request)["status"]["token"]
        return made

    # How

    def _where(self, resource: Resource, namespace: str) -> str:
        return namespace or (self.within if resource.namespaced else "")

    def _located(self, obj: KubernetesObject) -> tuple[Resource, Ref]:
        ref = Ref.of(obj)
        return self.resource(ref.kind, ref.api_version), ref

    def _json(self, request: Request) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._send(request))
        if request.is_write and (version := answer.get("metadata", {}).get("resourceVersion", "")).isdigit():
            self.wire.written[Ref.of(answer)] = int(version)
        return answer

    def _send(self, request: Request) -> bytes:
        self.permit(request)
        patience = Patience(request, self.wait, lambda: self.view(patience_s=QUIET_S, counts=self.counts))
        return self.wire.send(request, patience_s=self.patience_s, tell=self.observed, patience=patience)

    def permit(self, request: Request) -> None:
        """Refuse a write through a read-only view, before anything is sent."""
        if self.read_only and request.is_write:
            raise Refused(
                f"{request.subject} to be left alone",
                seen="a write through a read-only connection",
                cause="plan and verify change nothing",
                next_command="pytest features/",
            )

    def observed(self, request: Request, code: int, seconds: float) -> None:
        """Count a request and tell the observer."""
        self.counts.add(request)
        if self._observe:
            self._observe(request, code, seconds)

    def wait(self, words: str) -> None:
        """Tell who watches what is waited for."""
        if self._waiting:
            self._waiting(words)


def _query(dry_run: bool, **query: str) -> dict[str, str | int | list[str]]:
    return {**query, **({"dryRun": "All"} if dry_run else {})}


def _explain(ref: Ref) -> str:
    return f"kubectl get {ref.kubectl} -o yaml --show-managed-fields"
