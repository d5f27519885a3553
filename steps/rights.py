"""Rights: what the programs of a component may do in the cluster, asked as they would."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import parsers, then, when

from converge.acceptance.rights import Right, rights
from converge.engine.platform import Platform
from converge.kubernetes import workloads

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 (a place)


@when(parsers.re(r'the API server is asked what the account of "(?P<name>[^"]+)" may do'), target_fixture="account_rights")
def ask_rights(platform: Platform, name: str) -> Sequence[Right]:
    found = workloads.pods(platform.api, workloads.live(platform.api, platform.objects(name)))
    pod = next(one for one in found if one["spec"].get("automountServiceAccountToken", True))
    name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]
    token = platform.access.execute(pod["metadata"]["namespace"], f"{name}/{container}", ["cat", TOKEN], "")
    return rights(platform.api, token)


@then("it may list pods everywhere")
def lists_pods(platform: Platform, account_rights: Sequence[Right]) -> None:
    namespaces = {one["metadata"]["name"] for one in platform.api.list("Namespace")}
    assert {right.namespace for right in account_rights if (right.verb, right.resource) == ("list", "pods")} >= namespaces


@then("it may read no Secret")
def reads_no_secret(account_rights: Sequence[Right]) -> None:
    assert not [right for right in account_rights if right.resource in ("secrets", "*")]


@then("it may write nothing")
def writes_nothing(account_rights: Sequence[Right]) -> None:
    assert not [right for right in account_rights if not right.reads]
