"""Whether a component serves, told from what was seen of the cluster: pure, nothing is asked here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .catalogue import Component, Probe
from .quantities import ago, moment

Object = dict[str, Any]
PART_OF = "applyset.kubernetes.io/part-of"
CONTROL = "node-role.kubernetes.io/control-plane"
NOBODY_BEHIND = " 503"
"""How the ingress answers where a route is there, and no pod."""


class State(StrEnum):
    """How a component is; the worst first."""

    AILING = "not healthy"
    UNKNOWN = "unknown"
    ABSENT = "not installed"
    HEALTHY = "healthy"

    @property
    def slug(self) -> str:
        """``not-healthy``."""
        return self.value.replace(" ", "-")


@dataclass(frozen=True)
class Health:
    """A state and why: ``Health(State.AILING, "Deployment minio-console: 0 of 1 pods ready")``."""

    state: State
    text: str


@dataclass(frozen=True)
class Seen:
    """What was seen of the cluster at one moment; ``answers`` says of a page or a name what is wrong with it, "" where nothing is."""

    workloads: Sequence[Object] = ()
    cron_jobs: Sequence[Object] = ()
    jobs: Sequence[Object] = ()
    nodes: Sequence[Object] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    converged: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Component → what the last converge wrote down of it."""
    acceptance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Component → how its scenarios last ended."""
    trouble: str = ""
    """Why the cluster could not be looked at."""

    def of(self, component: Component, items: Sequence[Object]) -> list[Object]:
        """Those that belong to a component."""
        return [item for item in items if item["metadata"].get("labels", {}).get(PART_OF) == component.part_of]


def judge(component: Component, seen: Seen) -> Health:
    """What all probes of a component say together: the worst state, and what is said for it."""
    if seen.trouble:
        return Health(State.UNKNOWN, seen.trouble)
    found = [one for probe in component.probes for one in _probe(component, probe, seen)]
    if not found:
        return Health(State.UNKNOWN, "nothing tells how it is")
    order = list(State)
    worst = min((one.state for one in found), key=order.index)
    said = [one.text for one in found if one.state is worst]
    return Health(worst, "; ".join(dict.fromkeys(said)) if worst is not State.HEALTHY else said[0])


def _probe(component: Component, probe: Probe, seen: Seen) -> Iterator[Health]:
    match probe.kind:
        case "workloads":
            yield _workloads(component, seen)
        case "jobs":
            yield _runs(component, seen)
        case "nodes":
            yield _nodes(probe.target, seen)
        case "page" | "name":
            yield _answer(component, probe, seen)


def _gone(component: Component, seen: Seen, what: str) -> Health:
    """What is not there was lost where a converge had made it: by the record, which a run writes at its end, or by a route that is left."""
    pages = [seen.answers.get(probe.target, "") for probe in component.probes if probe.kind == "page"]
    is_routed = any(page.endswith(NOBODY_BEHIND) for page in pages)
    if is_routed or seen.converged.get(component.name, {}).get("result") == "converged":
        return Health(State.AILING, f"its {what} are gone")
    return Health(State.ABSENT, "not installed")


def _workloads(component: Component, seen: Seen) -> Health:
    mine = seen.of(component, seen.workloads)
    if not mine:
        return _gone(component, seen, "workloads")
    late = [f"{item['kind']} {item['metadata']['name']}: {_pods(*pods(item))}" for item in mine if not serves(item)]
    if late:
        return Health(State.AILING, "; ".join(late))
    ready, wanted = map(sum, zip(*map(pods, mine), strict=True))
    return Health(State.HEALTHY, _pods(ready, wanted))


def serves(item: Object) -> bool:
    """Whether a workload has all its pods, of the state that is wanted now; none at all is none too few only for a DaemonSet."""
    ready, wanted = pods(item)
    is_current = item.get("status", {}).get("observedGeneration", 0) >= item["metadata"].get("generation", 0)
    return is_current and ready >= wanted and (wanted > 0 or item["kind"] == "DaemonSet")


def pods(item: Object) -> tuple[int, int]:
    """How many pods of a workload are ready, and how many should be."""
    status = item.get("status", {})
    if item["kind"] == "DaemonSet":
        return status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
    return status.get("readyReplicas", 0), item["spec"].get("replicas", 1)


def _runs(component: Component, seen: Seen) -> Health:
    mine = seen.of(component, seen.cron_jobs)
    if not mine:
        return _gone(component, seen, "jobs")
    told = [_last_run(item["metadata"]["name"], seen.jobs) for item in mine]
    return min(told, key=lambda one: list(State).index(one.state))


def _last_run(name: str, jobs: Sequence[Object]) -> Health:
    mine = [job for job in jobs if any(owner["name"] == name for owner in job["metadata"].get("ownerReferences", ()))]
    ended = {
        condition["lastTransitionTime"]: condition["type"]
        for job in mine
        for condition in job.get("status", {}).get("conditions", ())
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True"
    }
    if not ended:
        return Health(State.HEALTHY, "has not run yet")
    last = max(ended)
    if ended[last] == "Failed":
        return Health(State.AILING, f"CronJob {name}: its last run failed, {ago(moment(last))}")
    return Health(State.HEALTHY, f"last run succeeded, {ago(moment(last))}")


def _nodes(role: str, seen: Seen) -> Health:
    mine = [node for node in seen.nodes if (CONTROL in node["metadata"].get("labels", {})) == (role == "control")]
    late = [node["metadata"]["name"] for node in mine if not is_ready(node)]
    if late:
        return Health(State.AILING, f"not ready: {', '.join(late)}")
    return Health(
        State.HEALTHY, f"{len(mine)} of {len(mine)} node{'s' if len(mine) != 1 else ''} ready" if mine else "no such node is wanted"
    )


def is_ready(node: Object) -> bool:
    """Whether a node's kubelet reports it Ready."""
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node.get("status", {}).get("conditions", ()))


def _answer(component: Component, probe: Probe, seen: Seen) -> Health:
    wrong = seen.answers.get(probe.target)
    if wrong is None:
        return Health(State.UNKNOWN, f"{probe.target} was not asked yet")
    if wrong:
        # What runs nothing at all is not installed; that its page is missing too says no more.
        return Health(State.ABSENT if _is_absent(component, seen) else State.AILING, wrong)
    return Health(State.HEALTHY, "names resolve" if probe.kind == "name" else "its page answers")


def _is_absent(component: Component, seen: Seen) -> bool:
    return component.has("workloads") and _workloads(component, seen).state is State.ABSENT


def _pods(ready: int, wanted: int) -> str:
    return "scaled to no pods" if wanted == 0 else f"{ready} of {wanted} pod{'s' if wanted != 1 else ''} ready"
