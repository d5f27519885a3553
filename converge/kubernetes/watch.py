"""One watch a kind, shared by everybody who waits: it survives drops, restarts of the server and expired versions."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converge.errors import TEMPORARY, ThinkubeError, Unreachable
from converge.kubernetes.client import Api
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import KubernetesObject, Ref

if TYPE_CHECKING:
    from converge.kubernetes.wire import Events

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True)
class Subject:
    """What is watched: ``Subject("Pod")`` everywhere, or with a field selector, in one namespace."""

    kind: str
    api_version: str = ""
    namespace: str = ""
    fields: str = ""


class Watch:
    """The objects of one subject as they are now, kept current by a thread."""

    def __init__(self, api: Api, subject: Subject, changed: threading.Condition) -> None:
        self.subject = subject
        self.users = 0
        self.is_complete = False
        self.trouble: ThinkubeError | None = None
        self._api = api
        self._changed = changed
        self._objects: dict[tuple[str, str], KubernetesObject] = {}
        self._stopped = threading.Event()
        self._events: Events | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch {subject.kind}", daemon=True)

    def start(self) -> None:
        """Begin to list and watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and its connection, without waiting for them."""
        self._stopped.set()
        if events := self._events:
            events.close()

    def objects(self) -> list[KubernetesObject]:
        """Everything there now; the caller holds the condition."""
        return list(self._objects.values())

    def find(self, namespace: str, name: str) -> KubernetesObject | None:
        """One object, or None."""
        return self._objects.get((namespace, name))

    def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        version = ""
        while not self._stopped.is_set():
            try:
                if not version:
                    version = self._list()
                self._trouble(None)
                for latest in self._follow(version):
                    version, pause = latest, _FIRST_PAUSE_S
                continue  # the server ends each watch after a while
            except ApiRefused as refused:
                if refused.code == 410:
                    version = ""
                    if pause == _FIRST_PAUSE_S:
                        pause *= 2
                        continue
                elif refused.code not in TEMPORARY:
                    self._trouble(refused)
                    version = "" if refused.code == 404 else version
            except Unreachable as error:
                self._trouble(error)
            except Exception as error:  # whatever it is: who waits must see it, and the next attempt may work
                self._trouble(Unreachable(f"watch {self.subject.kind}", seen=repr(error)))
                version = ""
            self._stopped.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _list(self) -> str:
        one = self.subject
        objects, version = self._api.list_with_version(one.kind, one.namespace, fields=one.fields, api_version=one.api_version)
        listed = {_key(obj): obj for obj in objects}
        with self._changed:
            for key, known in self._objects.items():
                if version_of(known) > version_of(listed.get(key) or {"metadata": {"resourceVersion": version}}):
                    listed[key] = known  # the list came from a server that lags behind; the watch after it will tell what is new
            self._objects = listed
            self.is_complete = True
            self._changed.notify_all()
        return version

    def _follow(self, version: str) -> Iterator[str]:
        """Take the events after a version; yields the version after each."""
        one = self.subject
        events = self._api.watch(one.kind, one.namespace, version=version, fields=one.fields, api_version=one.api_version)
        self._events = events
        if self._stopped.is_set():
            events.close()
        for event in events:
            obj = event["object"]
            if event["type"] != "BOOKMARK":
                self._take(event["type"], obj)
            yield obj["metadata"]["resourceVersion"]

    def _take(self, kind: str, obj: KubernetesObject) -> None:
        with self._changed:
            known = self._objects.get(_key(obj))
            if known is not None and version_of(obj) < version_of(known):
                return  # told twice or out of order
            if kind == "DELETED":
                self._objects.pop(_key(obj), None)
            else:
                self._objects[_key(obj)] = obj
            self._changed.notify_all()

    def _trouble(self, error: ThinkubeError | None) -> None:
        with self._changed:
            if error is not self.trouble:
                self.trouble = error
                self._changed.notify_all()


class Watches:
    """The watches of one API server; ``changed`` is notified of every change in any of them."""

    def __init__(self, api: Api) -> None:
        self._api = api.view(patience_s=0)
        self.changed = threading.Condition()
        self._watches: dict[Subject, Watch] = {}

    @contextmanager
    def on(self, subjects: Iterable[Subject]) -> Iterator[dict[Subject, Watch]]:
        """The watches of some subjects, started where nobody watches them yet and stopped after the last user."""
        taken: dict[Subject, Watch] = {}
        try:
            with self.changed:
                for subject in dict.fromkeys(subjects):
                    watch = self._watches.get(subject)
                    if watch is None:
                        watch = self._watches[subject] = Watch(self._api, subject, self.changed)
                        watch.start()
                    watch.users += 1
                    taken[subject] = watch
            yield taken
        finally:
            ended = []
            with self.changed:
                for subject, watch in taken.items():
                    watch.users -= 1
                    if not watch.users:
                        ended.append(self._watches.pop(subject))
            for watch in ended:
                watch.stop()


_LOCK = threading.Lock()


def watches(api: Api) -> Watches:
    """The watches that everybody with this connection shares."""
    with _LOCK:
        found = api.wire.attached.setdefault("watches", None) or Watches(api)
        api.wire.attached["watches"] = found
    assert isinstance(found, Watches)  # noqa: S101 - tells the type checker
    return found


def is_current(api: Api, obj: KubernetesObject) -> bool:
    """Whether an object seen in a watch is at least as new as our own last write of it: caches may lag behind."""
    return version_of(obj) >= api.wire.written.get(Ref.of(obj), 0)


def version_of(obj: KubernetesObject) -> int:
    """The resource version as the number that it is (comparable from Kubernetes 1.35 on by contract, before by practice)."""
    version = obj["metadata"].get("resourceVersion", "")
    return int(version) if version.isdigit() else 0


def subject_of(ref: Ref) -> Subject:
    """A watch of one object only."""
    return Subject(ref.kind, ref.api_version, ref.namespace, f"metadata.name={ref.name}")


def _key(obj: KubernetesObject) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
