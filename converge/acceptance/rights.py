"""What an account may do in the cluster, as the API server tells the account itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

EVERYBODYS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
"""API groups in which everybody may ask about themselves, which is written as "create"."""
READING = frozenset({"get", "list", "watch"})


@dataclass(frozen=True)
class Right:
    """Something that an account may do: ``Right("minio", "list", "", "pods")``; ``names`` where only some objects are meant."""

    namespace: str
    verb: str
    group: str
    resource: str
    names: tuple[str, ...] = ()

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.verb in READING


def rights(api: Api, token: str) -> list[Right]:
    """All that the account of a token may do, in every namespace, but for what everybody may ask about themselves."""
    asking = api.with_token(token)
    return [right for one in api.list("Namespace") for right in _rights(asking, one["metadata"]["name"])]


def _rights(asking: Api, namespace: str) -> Iterator[Right]:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "metadata": {},
        "spec": {"namespace": namespace},
    }
    for rule in asking.create(review)["status"]["resourceRules"]:
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or () if group not in EVERYBODYS else ():
                for verb in rule["verbs"]:
                    yield Right(namespace, verb, group, resource, tuple(rule.get("resourceNames") or ()))
