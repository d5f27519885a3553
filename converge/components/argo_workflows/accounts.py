"""Who may do what with workflows: groups of people, automation, and the steps themselves, each an account of the Kubernetes API.

The server looks for the account whose rule fits the groups of a person's login, and acts as that one; whom no rule fits is refused.
Source: Argo Workflows 3.7 documentation ("SSO RBAC", "Access Token", "Workflow RBAC").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.part import Owner
from converge.components.parts.service_account import ServiceAccount

VIEWERS = "workflow-viewers"
"""The group whose members see workflows, their logs and their files, and change nothing."""

AUTOMATION = "automation"

_GROUP = "argoproj.io"
_LOOK = ["get", "list", "watch"]
_CHANGE = ["create", "update", "patch", "delete"]
_ALL = ["workflows", "workflowtemplates", "cronworkflows", "workfloweventbindings", "eventsources", "sensors"]


def people(owner: Owner, *, secrets: Sequence[str]) -> Sequence[ServiceAccount]:
    """An account for each group; reading a file from object storage takes the ``secrets`` that open it."""
    seeing = [
        _rule(_GROUP, [*_ALL, "workflowtasksets"], _LOOK),
        _rule("", ["pods", "pods/log"], _LOOK),
        _rule("", ["events"], ["list", "watch"]),
        _rule("", ["secrets"], ["get"], names=secrets),
    ]
    return (
        _account(owner, "workflow-administrators", ADMINISTRATORS, 2, [*seeing, _rule(_GROUP, _ALL, _CHANGE)]),
        _account(owner, VIEWERS, VIEWERS, 1, seeing),
    )


def automation(owner: Owner) -> ServiceAccount:
    """Programs outside the cluster: their token submits workflows, follows them and stops them, and opens nothing else."""
    rules = [_rule(_GROUP, ["workflows"], [*_LOOK, *_CHANGE]), _rule(_GROUP, ["workflowtemplates"], _LOOK)]
    return ServiceAccount(owner, name=AUTOMATION, rules=rules, keeps_token=True)


def executor(owner: Owner) -> ServiceAccount:
    """What runs beside each step and reports its result; the step itself gets no token."""
    rules = [_rule(_GROUP, ["workflowtaskresults"], ["create", "patch"])]
    name = "workflow-executor"
    return ServiceAccount(owner, name=name, rules=rules, keeps_token=True, annotations=_with_token(name))


def _account(owner: Owner, name: str, group: str, precedence: int, rules: Sequence[dict[str, Any]]) -> ServiceAccount:
    # A person in no group at all has no such claim, and a rule that names one that is missing ends the search with an error.
    is_member = f"'{group}' in (get($env, \"groups\") ?? [])"
    rule = {"workflows.argoproj.io/rbac-rule": is_member, "workflows.argoproj.io/rbac-rule-precedence": str(precedence)}
    return ServiceAccount(owner, name=name, rules=rules, keeps_token=True, annotations=rule | _with_token(name))


def _with_token(name: str) -> dict[str, str]:
    return {"workflows.argoproj.io/service-account-token.name": f"{name}-token"}


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str], *, names: Sequence[str] = ()) -> dict[str, Any]:
    limited = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)} | limited
