"""The cluster that is broken: converging it in processes of their own, looking at it, and hurting it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converge.engine.outcome import Outcome
from converge.engine.planner import plan as plan_of
from converge.engine.platform import Platform
from converge.inventory import read
from converge.kubernetes.client import Api
from converge.kubernetes.objects import KubernetesObject
from converge.kubernetes.wait import wait_until_ready
from converge.nodes.embedded.provider import EmbeddedProvider

DRIVER = Path(__file__).with_name("driver.py")
LONG_S = 600.0
"""How long what is certain to come is waited for: a wait ends when it comes, so only what never comes takes this long to fail."""

_FLEETING = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink", "ownerReferences")


@dataclass(frozen=True)
class Done:
    """What came of one run of the harness."""

    code: int
    seconds: float
    log: str
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    points: int = 0
    written: tuple[str, ...] = ()

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def failures(self) -> str:
        return "\n".join(f"{name}: {outcome.text}" for name, outcome in self.outcomes.items() if outcome.result != "converged")

    def require(self) -> Done:
        """Everything asked for converged."""
        said = f"{self.failures}\n{self.log[-3000:]}"
        assert self.code == 0, said
        assert self.outcomes, said
        assert not self.failures, said
        return self


class Harness:
    """One run under way; output goes to files, so that nobody waits for a full pipe."""

    def __init__(self, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._out, self._log = folder / f"{time.monotonic_ns()}.json", folder / f"{time.monotonic_ns()}.log"
        self.started = time.monotonic()
        with self._out.open("w") as out, self._log.open("w") as log:
            argv = [sys.executable, str(DRIVER), *arguments]
            self.process = subprocess.Popen(argv, stdout=out, stderr=log, start_new_session=True, env={**os.environ, **environment})

    @property
    def log(self) -> str:
        return self._log.read_text()

    def says(self, text: str) -> None:
        """Wait until its progress says something."""
        until(lambda: text in self.log or self.process.poll() is not None, f"the run to say {text!r}")
        assert text in self.log, f"ended without {text!r}:\n{self.log}"

    def has_said(self, lines: int) -> None:
        """Wait until its progress is so many lines long, or over."""
        until(lambda: self.log.count("\n") >= lines or self.process.poll() is not None, f"{lines} lines of progress")

    def end(self, timeout_s: float = LONG_S) -> Done:
        """Wait for its end."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the run did not end within {timeout_s} s:\n{self.log[-3000:]}") from None
        seconds = time.monotonic() - self.started
        text = self._out.read_text()
        if not text:
            return Done(code, seconds, self.log)
        answer = json.loads(text)
        outcomes = {name: Outcome.from_json(data) for name, data in answer["outcomes"].items()}
        return Done(code, seconds, self.log, outcomes, answer["points"], tuple(answer["written"]))


class Place:
    """One cluster and everything that the faults do to it."""

    def __init__(self, inventory: Path, folder: Path) -> None:
        self.path = inventory
        self.folder = folder
        self.inventory = read(inventory, components=Platform.known())
        self.platform = Platform(self.inventory)

    @property
    def provider(self) -> EmbeddedProvider:
        provider = self.platform.provider
        assert isinstance(provider, EmbeddedProvider)
        return provider

    @property
    def api(self) -> Api:
        return self.platform.api

    @property
    def there(self) -> tuple[str, ...]:
        """The components that can exist here."""
        return tuple(name for name in self.platform.components if name not in self.platform.unavailable)

    def look_anew(self) -> None:
        """Forget what was read so far, such as which CA to trust."""
        self.platform = Platform(self.inventory)

    def mend(self) -> float:
        """``thinkube cluster start``; returns its seconds."""
        started = time.monotonic()
        self.provider.start(self.platform.progress)
        return time.monotonic() - started

    # Runs

    def begin(self, *names: str, environment: Mapping[str, str] | None = None, **options: Any) -> Harness:
        """Start a run: ``begin("ingress", kill_after=3)``."""
        arguments = ["--inventory", str(self.path)]
        for option, value in options.items():
            flag = "--" + option.replace("_", "-")
            arguments += [flag] if value is True else [flag, str(value)]
        return Harness([*arguments, *names], self.folder, environment or {})

    def converge(self, *names: str, **options: Any) -> Done:
        """A run from its start to its end."""
        return self.begin(*names, **options).end()

    def roll_back(self, *names: str) -> None:
        done = self.converge(*names, roll_back=True)
        bad = [outcome.text for outcome in done.outcomes.values() if outcome.result != "rolled back"]
        assert done.code == 0, done.log[-2000:]
        assert not bad, f"{bad}\n{done.log[-2000:]}"

    def assert_settled(self, *names: str) -> None:
        """Another run has nothing to write."""
        done = self.converge(*names).require()
        changes = [change for outcome in done.outcomes.values() for change in outcome.changes]
        assert not done.written, done.written
        assert not changes, changes

    # Looking

    def state(self, *names: str) -> dict[str, Any]:
        """Every object that these components and what they require consist of, less what differs from one making to the next."""
        found: dict[str, Any] = {}
        for name in self.platform.graph.closure(names):
            component = self.platform.component(name)
            for wanted in component.objects(self.platform.context):
                live = self._live(wanted)
                found[f"{name}: {wanted['kind']} {wanted['metadata'].get('namespace', '')}/{wanted['metadata']['name']}"] = _lasting(live)
            for secret in component.secrets():
                live = self.api.find("Secret", secret.name, secret.namespace)
                found[f"{name}: Secret {secret.namespace}/{secret.name}"] = sorted((live or {}).get("data") or {})
        return found

    def plan(self, *names: str) -> str:
        """What a converge would change, settings in admin APIs included; empty where nothing."""
        return "\n".join(str(plan) for name in self.platform.graph.closure(names) if (plan := plan_of(self.platform, name)) or plan.unknown)

    def wait_ready(self, *names: str, deadline_s: float = LONG_S) -> float:
        """Wait until everything of these components serves; returns the seconds that it took."""
        started = time.monotonic()
        for name in names:
            wait_until_ready(self.api, list(self.platform.objects(name)), deadline_s)
        return time.monotonic() - started

    def _live(self, wanted: KubernetesObject) -> KubernetesObject | None:
        metadata = wanted["metadata"]
        group = wanted["apiVersion"] if "/" in wanted["apiVersion"] else ""
        return self.api.find(wanted["kind"], metadata["name"], metadata.get("namespace", ""), api_version=group)

    # Hurting

    def pids(self, node: str, program: str) -> list[int]:
        """Processes of a program in a node, its containers included."""
        group = self.provider.spaces.group_of(self.provider.layout.node(node).name)
        return [
            pid for pid in self.provider.cgroups.processes(group) if program in (*_command(pid)[:1], Path((*_command(pid), "?")[0]).name)
        ]

    def kill(self, node: str, program: str) -> list[int]:
        """kill -9 a program in a node."""
        pids = self.pids(node, program)
        assert pids, f"no {program} on {node}"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return pids

    def kill_node(self, node: str) -> int:
        """kill -9 everything in a node, as when its power goes; returns how many processes that were."""
        group = self.provider.spaces.group_of(self.provider.layout.node(node).name)
        pids = self.provider.cgroups.processes(group)
        self.provider.cgroups.end(group)
        return len(pids)

    def kill_container(self, namespace: str, labels: str) -> None:
        """kill -9 the first process of every container of some pods."""
        for pod in self.api.list("Pod", namespace, labels=labels):
            node = self.provider.layout.node(pod["spec"]["nodeName"]).name
            for status in pod["status"].get("containerStatuses", ()):
                container = status["containerID"].rpartition("/")[2]
                task = self.platform.cluster().run(node, ["ctr", "-n", "k8s.io", "task", "kill", "-s", "SIGKILL", container])
                assert task.code == 0, task.stderr


def until(condition: Callable[[], Any], wanted: str, timeout_s: float = LONG_S) -> float:
    """Look every 50 ms from outside whether something is so; returns the seconds that it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < timeout_s, f"waited {timeout_s} s for {wanted}"
        time.sleep(0.05)
    return time.monotonic() - started


def restarts(pods: Iterable[KubernetesObject]) -> dict[str, int]:
    """How often each pod's containers were started again."""
    return {pod["metadata"]["name"]: sum(status["restartCount"] for status in pod["status"].get("containerStatuses", ())) for pod in pods}


def _lasting(obj: KubernetesObject | None) -> Any:
    if obj is None:
        return None
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _FLEETING}
    metadata["annotations"] = {
        k: v
        for k, v in (metadata.get("annotations") or {}).items()
        if not k.startswith("deployment.kubernetes.io/") and k != "thinkube.dev/looked-at"  # when, and it is ours
    }
    rest = {key: value for key, value in obj.items() if key not in ("status", "metadata")}
    for key in ("clusterIP", "clusterIPs", "volumeName"):
        (rest.get("spec") or {}).pop(key, None)
    if obj["kind"] == "Secret":
        rest["data"] = sorted(obj.get("data") or {})
    for webhook in rest.get("webhooks") or ():
        webhook.get("clientConfig", {}).pop("caBundle", None)
    return {**rest, "metadata": metadata}


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []
