"""Which versions of its images a workload runs: said by the workload itself, so that a plan can tell what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from converge.components.terms import Context, KubernetesObject
from converge.kubernetes import workloads
from converge.kubernetes.objects import annotations_of

RUNS = "thinkube.dev/runs"
"""The annotation: ``keycloak 26.7.4``, or ``postgres Debian 2026-11-23, rclone 1.60.1``; images that tell no version are left out."""


def stamped(objects: Sequence[KubernetesObject], context: Context, images: Sequence[str]) -> Sequence[KubernetesObject]:
    """The same objects, whose workloads say which versions of these images they run."""
    said = {context.image(name): f"{name} {version}" for name in images if (version := context.version(name))}
    for item in objects:
        if item["kind"] in workloads.KINDS:
            used = (container["image"] for _, container in workloads.containers([item], initial=True))
            if runs := ", ".join(dict.fromkeys(said[image] for image in used if image in said)):
                item["metadata"].setdefault("annotations", {})[RUNS] = runs
    return objects


def replaced(live: KubernetesObject | None, wanted: KubernetesObject | None) -> Sequence[str]:
    """What a workload would run in another version: ``["keycloak 26.7.3 → 26.7.4"]``; none where it said nothing before."""
    return list(_replaced(_runs(live), _runs(wanted)))


def _replaced(live: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    for name, version in wanted.items():
        if name in live and live[name] != version:
            yield f"{name} {live[name]} → {version}"


def _runs(item: KubernetesObject | None) -> Mapping[str, str]:
    said = annotations_of(item).get(RUNS, "") if item else ""
    return dict(one.split(" ", 1) for one in said.split(", ")) if said else {}
