"""A fake API server over real HTTP on the loopback: it records every request and fails as told.

def test_x(fake_api):
    api = fake_api.client()
    fake_api.fail("list", 503, times=2)
    assert api.list("Pod") == []
    assert [request.verb for request in fake_api.requests] == ["list", "list", "list"]
"""

from __future__ import annotations

import contextlib
import copy
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fake_store import Refusal, Store
from hanging import HANG_S

from converge.kubernetes.client import Api
from converge.kubernetes.discovery import BUILT_IN, Resource
from converge.kubernetes.kubeconfig import Credentials
from converge.kubernetes.wire import Wire

_ENDED = b"0\r\n\r\n"


@dataclass(frozen=True)
class Recorded:
    """A request as it arrived."""

    verb: str
    method: str
    path: str
    query: dict[str, str]
    body: Any
    at: float = field(compare=False, default=0.0)

    @property
    def is_dry_run(self) -> bool:
        return self.query.get("dryRun") == "All"

    @property
    def is_write(self) -> bool:
        return self.method != "GET" and not self.is_dry_run


@dataclass
class Fault:
    """What happens to the next requests of one verb instead of an answer."""

    verb: str
    path: str
    times: int
    code: int = 0
    retry_after: str = ""
    reset: bool = False
    slow_s: float = 0.0
    message: str = ""
    body: bytes = b""


class FakeApi:
    """The server; `store` holds its objects. It serves all built-in kinds, or these: who lists a namespace asks for each."""

    def __init__(self, kinds: Collection[str] = BUILT_IN.keys()) -> None:
        self.store = Store()
        self.requests: list[Recorded] = []
        self.resources: dict[tuple[str, str], Resource] = {(one.api_version, one.plural): one for one in map(BUILT_IN.__getitem__, kinds)}
        self.establishes = True
        self.stale: dict[str, list[dict[str, Any]]] = {}
        self._faults: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._watchers: set[_Handler] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.fake = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self._clients: list[Api] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def client(self, **options: Any) -> Api:
        api = Api(Wire(Credentials(self.url)), **options)
        self._clients.append(api)
        return api

    def close(self) -> None:
        self.drop_watches()
        for client in self._clients:
            client.close()
        self._server.shutdown()
        self._server.server_close()

    # What it holds

    def put(self, obj: dict[str, Any], *, manager: str = "kubectl-create") -> dict[str, Any]:
        """An object that somebody else made."""
        resource = self._resource_of(obj)
        namespace = obj["metadata"].get("namespace", "") if resource.namespaced else ""
        return self.store.update(_key(resource), namespace, obj, manager)

    def edit(
        self, kind: str, name: str, namespace: str, change: Mapping[str, Any], *, manager: str = "kubectl-edit", subresource: str = ""
    ) -> None:
        """Somebody else's merge patch."""
        resource = next(one for one in self.resources.values() if one.kind == kind)
        live = copy.deepcopy(self.store.get(_key(resource), namespace, name))
        self.store.update(_key(resource), namespace, _patched(live, change), manager, subresource=subresource)

    def apply_as(self, manager: str, obj: dict[str, Any], *, force: bool = False) -> None:
        """Somebody else's server-side apply."""
        resource = self._resource_of(obj)
        self.store.apply(_key(resource), obj["metadata"].get("namespace", ""), obj, manager, force=force, dry_run=False)

    def status(self, kind: str, name: str, namespace: str = "", **status: Any) -> None:
        """What a controller reports."""
        resource = next(one for one in self.resources.values() if one.kind == kind)
        self.store.set_status(_key(resource), namespace, name, **status)

    def find(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        resource = next(one for one in self.resources.values() if one.kind == kind)
        return self.store.objects.get((_key(resource), namespace, name))

    # What it was asked

    @property
    def writes(self) -> list[Recorded]:
        return [request for request in self.requests if request.is_write]

    @property
    def dry_runs(self) -> list[Recorded]:
        return [request for request in self.requests if request.is_dry_run]

    def of(self, verb: str) -> list[Recorded]:
        return [request for request in self.requests if request.verb == verb]

    def forget(self) -> None:
        self.requests.clear()

    # How it fails

    def fail(
        self, verb: str, code: int, *, times: int = 1, path: str = "", retry_after: str = "", message: str = "", body: bytes = b""
    ) -> None:
        self._faults.append(Fault(verb, path, times, code, retry_after, message=message, body=body))

    def reset(self, verb: str, *, times: int = 1, path: str = "") -> None:
        self._faults.append(Fault(verb, path, times, reset=True))

    def slow(self, verb: str, seconds: float, *, times: int = 1, path: str = "") -> None:
        self._faults.append(Fault(verb, path, times, slow_s=seconds))

    def drop_watches(self) -> None:
        """Cut every open watch in the middle of a chunk."""
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher.cut()

    def expire_watches(self) -> None:
        """Forget the history: a watch from an older version gets 410 Gone, open ones too."""
        with self.store.changed:
            self.store.compacted = self.store.version
            for watcher in list(self._watchers):
                status = {"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old resource version"}
                watcher.send_later({"type": "ERROR", "object": status}, then_end=True)
            self.store.changed.notify_all()

    def bookmark(self) -> None:
        """Tell every open watch how far it is."""
        self.emit({"type": "BOOKMARK", "object": {"kind": "", "metadata": {"resourceVersion": str(self.store.version)}}})

    def emit(self, event: dict[str, Any], path: str = "") -> None:
        """Send an event as it is to open watches: again, late or out of order."""
        with self.store.changed:
            for watcher in list(self._watchers):
                if path in watcher.path:
                    watcher.send_later(event)
            self.store.changed.notify_all()

    def wait_for_watches(self, number: int, within_s: float = HANG_S) -> None:
        deadline = time.monotonic() + within_s
        while len(self._watchers) < number:
            assert time.monotonic() < deadline, f"{len(self._watchers)} of {number} watches are open"
            time.sleep(0.002)

    def fault_for(self, verb: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.verb in (verb, "") and fault.path in path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def learn(self, definition: dict[str, Any]) -> None:
        """A CustomResourceDefinition was written: serve its kind."""
        spec = definition["spec"]
        for version in spec["versions"]:
            api_version = f"{spec['group']}/{version['name']}"
            names = spec["names"]
            self.resources[api_version, names["plural"]] = Resource(
                api_version, names["kind"], names["plural"], spec.get("scope") == "Namespaced"
            )

    def _resource_of(self, obj: dict[str, Any]) -> Resource:
        return next(one for one in self.resources.values() if (one.api_version, one.kind) == (obj["apiVersion"], obj["kind"]))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._pending: deque[tuple[dict[str, Any], bool]] = deque()
        self._is_cut = False

    @property
    def fake(self) -> FakeApi:
        return self.server.fake  # type: ignore[attr-defined, no-any-return]

    def __hash__(self) -> int:
        return id(self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._handle()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server looks for

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        target = _target(self.fake, parts.path)
        verb = self._verb(target, query)
        self.fake.requests.append(Recorded(verb, self.command, parts.path, query, body, time.monotonic()))
        fault = self.fake.fault_for(verb, parts.path)
        if fault and self._suffer(fault):
            return
        try:
            if verb == "watch" and target:
                self._watch(target, query)
                return
            with self.fake.store.changed:  # one request after the other, as etcd's transactions make them
                answer = _encoded(self._do(verb, parts.path, target, query, body))
            self._send(200, answer, {}, slow_s=fault.slow_s if fault else 0.0)
        except Refusal as refusal:
            self._refuse(refusal.code, refusal.reason, refusal.message, refusal.causes)

    def _verb(self, target: _Target | None, query: Mapping[str, str]) -> str:
        if self.command == "GET":
            return "get" if target is None or target.name else "watch" if query.get("watch") == "1" else "list"
        if self.command == "PATCH":
            return "apply" if "apply-patch" in (self.headers.get("Content-Type") or "") else "patch"
        return {"POST": "create", "PUT": "replace", "DELETE": "delete"}[self.command]

    def _suffer(self, fault: Fault) -> bool:
        """True where the request is done with."""
        if fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return True
        if fault.code:
            extra = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            if fault.body:
                self._send(fault.code, fault.body, extra)
            else:
                self._refuse(fault.code, "", fault.message, [], extra)
            return True
        return False

    def _do(self, verb: str, path: str, target: _Target | None, query: Mapping[str, str], body: Any) -> Any:
        if target is None:
            return _discovery(self.fake, path)
        store, key, dry_run = self.fake.store, _key(target.resource), query.get("dryRun") == "All"
        manager = query.get("fieldManager", "unknown")
        match verb:
            case "get" if target.subresource == "log":
                return store.get("v1/pods/log", target.namespace, target.name)["lines"]
            case "get":
                return store.get(key, target.namespace, target.name)
            case "list":
                with store.changed:
                    items = self.fake.stale.pop(key, None) or store.list(key, target.namespace)
                    items = [_listed(item) for item in items if _selected(item, query)]
                    return {"kind": "List", "metadata": {"resourceVersion": str(store.version)}, "items": items}
            case "apply":
                self._require_namespace(target)
                written = store.apply(key, target.namespace, body, manager, force=query.get("force") == "true", dry_run=dry_run)
            case "create" if target.subresource == "eviction":
                if body["deleteOptions"]["preconditions"]["uid"] != store.get(key, target.namespace, target.name)["metadata"]["uid"]:
                    raise Refusal(409, "Conflict", "Precondition failed: UID in precondition differs")
                return store.delete(key, target.namespace, target.name, dry_run=dry_run)
            case "create":
                self._require_namespace(target)
                name = body["metadata"]["name"]
                if (key, target.namespace, name) in store.objects:
                    raise Refusal(409, "AlreadyExists", f'{target.resource.plural} "{name}" already exists')
                written = store.update(key, target.namespace, body, manager, dry_run=dry_run)
            case "replace":
                live = store.get(key, target.namespace, target.name)
                version = body["metadata"].get("resourceVersion")
                if version and version != live["metadata"]["resourceVersion"]:
                    raise Refusal(
                        409,
                        "Conflict",
                        "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version",
                    )
                written = store.update(key, target.namespace, body, manager, dry_run=dry_run)
            case "patch":
                live = copy.deepcopy(store.get(key, target.namespace, target.name))
                written = store.update(
                    key, target.namespace, _patched(live, body), manager, dry_run=dry_run, subresource=target.subresource
                )
            case "delete":
                live = store.get(key, target.namespace, target.name)
                uid = ((body or {}).get("preconditions") or {}).get("uid")
                if uid and uid != live["metadata"]["uid"]:
                    raise Refusal(409, "Conflict", "Precondition failed: UID in precondition differs")
                return store.delete(key, target.namespace, target.name, dry_run=dry_run)
        if target.resource.kind == "CustomResourceDefinition" and not dry_run:
            self.fake.learn(written)
            if self.fake.establishes:
                name = written["metadata"]["name"]
                store.set_status(key, "", name, conditions=[{"type": "Established", "status": "True"}])
        if target.resource.kind == "Namespace" and not dry_run:
            written.setdefault("status", {"phase": "Active"})
        return written

    def _require_namespace(self, target: _Target) -> None:
        known = {*(name for key, _, name in self.fake.store.objects if key == "v1/namespaces"), "default", "kube-system"}
        if target.namespace and target.namespace not in known:
            raise Refusal(404, "NotFound", f'namespaces "{target.namespace}" not found')
        around = self.fake.store.objects.get(("v1/namespaces", "", target.namespace)) or {"metadata": {}}
        is_there = (_key(target.resource), target.namespace, target.name) in self.fake.store.objects
        if around["metadata"].get("deletionTimestamp") and not is_there:
            why = f"unable to create new content in namespace {target.namespace} because it is being terminated"
            raise Refusal(403, "Forbidden", f'{target.resource.plural} "{target.name}" is forbidden: {why}')

    # Watching

    def send_later(self, event: dict[str, Any], *, then_end: bool = False) -> None:
        self._pending.append((event, then_end))

    def cut(self) -> None:
        self._is_cut = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        with self.fake.store.changed:
            self.fake.store.changed.notify_all()

    def _watch(self, target: _Target, query: Mapping[str, str]) -> None:
        store, key = self.fake.store, _key(target.resource)
        version = int(query.get("resourceVersion") or 0)
        if version < store.compacted:
            raise Refusal(410, "Expired", "too old resource version")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.fake._watchers.add(self)
        self.close_connection = True
        try:
            for event in self._events(key, target, query, version):
                data = json.dumps(event).encode() + b"\n"
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                self.wfile.flush()
            if not self._is_cut:
                self.wfile.write(_ENDED)
        except OSError:
            pass
        finally:
            self.fake._watchers.discard(self)

    def _events(self, key: str, target: _Target, query: Mapping[str, str], version: int) -> Iterator[dict[str, Any]]:
        store = self.fake.store
        position = next((index for index, event in enumerate(store.events) if event.version > version), len(store.events))
        deadline = time.monotonic() + float(query.get("timeoutSeconds") or 300)
        while not self._is_cut:
            ready: list[dict[str, Any]] = []
            is_last = False
            with store.changed:
                while not (self._pending or position < len(store.events) or self._is_cut):
                    if not store.changed.wait(min(1.0, deadline - time.monotonic())) and time.monotonic() > deadline:
                        return
                while self._pending:
                    event, is_last = self._pending.popleft()
                    ready.append(event)
                for event in store.events[position:]:
                    if (
                        event.plural == key
                        and target.namespace in ("", event.obj["metadata"].get("namespace", ""))
                        and _selected(event.obj, query)
                    ):
                        ready.append({"type": event.kind, "object": event.obj})
                position = len(store.events)
            yield from ready
            if is_last:
                return

    # Answering

    def _refuse(self, code: int, reason: str, message: str, causes: list[dict[str, str]], extra: Mapping[str, str] | None = None) -> None:
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "code": code,
            "reason": reason,
            "message": message,
            "details": {"causes": causes},
        }
        self._send(code, json.dumps(status).encode(), extra or {})

    def _send(self, code: int, data: bytes, extra: Mapping[str, str], *, slow_s: float = 0.0) -> None:
        """Head and body together: every message to the other side wakes it."""
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data)), **extra}
        head = f"HTTP/1.1 {code} \r\n" + "".join(f"{name}: {text}\r\n" for name, text in headers.items()) + "\r\n"
        answer = head.encode() + data
        if slow_s:
            half = len(answer) - len(data) // 2
            self.wfile.write(answer[:half])
            time.sleep(slow_s)
            answer = answer[half:]
        with contextlib.suppress(OSError):
            self.wfile.write(answer)


@dataclass(frozen=True)
class _Target:
    resource: Resource
    namespace: str
    name: str
    subresource: str


def _target(fake: FakeApi, path: str) -> _Target | None:
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        api_version, rest = parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        api_version, rest = "/".join(parts[1:3]), parts[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    resource = fake.resources.get((api_version, rest[0]))
    if resource is None:
        return None
    return _Target(resource, namespace, rest[1] if len(rest) > 1 else "", rest[2] if len(rest) > 2 else "")


def _discovery(fake: FakeApi, path: str) -> Any:
    groups = sorted({version.rpartition("/")[0] for version, _ in fake.resources} - {""})
    versions = {group: sorted(version for version, _ in fake.resources if version.startswith(group + "/"))[-1] for group in groups}
    if path == "/apis":
        return {"groups": [{"name": group, "preferredVersion": {"groupVersion": version}} for group, version in versions.items()]}
    name = path.removeprefix("/apis/").removeprefix("/api/")
    if name in versions:
        return {"name": name, "preferredVersion": {"groupVersion": versions[name]}}
    found = [one for (version, _), one in fake.resources.items() if version == name]
    if not found:
        raise Refusal(404, "NotFound", "the server could not find the requested resource")
    verbs = ["get", "list", "watch", "create", "patch", "delete"]
    return {"resources": [{"name": one.plural, "kind": one.kind, "namespaced": one.namespaced, "verbs": verbs} for one in found]}


def _encoded(answer: Any) -> bytes:
    return (answer if isinstance(answer, str) else json.dumps(answer)).encode()


def _key(resource: Resource) -> str:
    return f"{resource.api_version}/{resource.plural}"


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in ("apiVersion", "kind")}


def _selected(item: dict[str, Any], query: Mapping[str, str]) -> bool:
    labels = item["metadata"].get("labels") or {}
    for term in filter(None, query.get("labelSelector", "").split(",")):
        key, has_value, value = term.partition("=")
        if key not in labels or (has_value and labels[key] != value):
            return False
    for term in filter(None, query.get("fieldSelector", "").split(",")):
        key, _, value = term.partition("=")
        found: Any = item
        for part in key.split("."):
            found = (found or {}).get(part)
        if found != value:
            return False
    return True


def _patched(live: Any, patch: Any) -> Any:
    if isinstance(patch, list):
        for operation in patch:
            *path, last = operation["path"].strip("/").split("/")
            here = live
            for part in path:
                here = here[int(part)] if isinstance(here, list) else here[part.replace("~1", "/")]
            if operation["op"] == "remove":
                del here[int(last) if isinstance(here, list) else last.replace("~1", "/")]
            elif isinstance(here, list):
                here.insert(int(last) if last != "-" else len(here), operation["value"])
            else:
                here[last.replace("~1", "/")] = operation["value"]
        return live
    if not isinstance(patch, Mapping):
        return patch
    result = dict(live) if isinstance(live, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value if isinstance(value, list) else _patched(result.get(key), value)
    return result
