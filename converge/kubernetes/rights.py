"""What the user of a kubeconfig may do, as the API server says (SelfSubjectAccessReview); nothing is kept of the question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from converge.kubernetes.discovery import UnknownKind

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

VERBS = ("get", "list", "watch", "create", "patch", "delete")
GRANTS = frozenset({"ClusterRole", "Role"})
"""Whoever makes one needs all that it grants, or the right to grant more than they have."""


def may(api: Api, verb: str, group: str, resource: str) -> bool:
    """Whether something may be done everywhere: ``may(api, "create", "apps", "deployments")``; ``*`` stands for all."""
    attributes = {"verb": verb, "group": group, "resource": resource}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}}
    return bool(api.create({**review, "spec": {"resourceAttributes": attributes}})["status"].get("allowed"))


def denied(api: Api, kinds: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """What may not be done with which of these kinds, given as (kind, apiVersion): ``{"clusterroles": ("create", "escalate")}``.

    Kinds that the cluster does not know yet are not asked about.
    """
    if may(api, "*", "*", "*"):
        return {}
    questions = []
    for kind, api_version in sorted(set(kinds)):
        try:
            plural = api.resource(kind, api_version).plural
        except UnknownKind:
            continue
        group = api_version.rpartition("/")[0]
        verbs = (*VERBS, "escalate") if kind in GRANTS else VERBS
        questions += [(verb, group, plural) for verb in verbs]
    with ThreadPoolExecutor(8, thread_name_prefix="rights") as pool:
        answers = list(pool.map(lambda question: may(api, *question), questions))
    found: dict[str, tuple[str, ...]] = {}
    for (verb, group, plural), allowed in zip(questions, answers, strict=True):
        if not allowed:
            name = f"{plural}.{group}" if group else plural
            found[name] = (*found.get(name, ()), verb)
    return found
