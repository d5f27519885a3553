"""Argo CD: what its server is told, whom it trusts, the token of its account for programs, and what consumers ask of it."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from converge.components import manifests
from converge.components.argo_cd import server, tokens
from converge.components.argo_cd.application import Application
from converge.components.argo_cd.component import CHANNELS, KEYS, ArgoCd
from converge.components.argo_cd.derived_secret import DerivedSecret
from converge.components.argo_cd.project import DefaultProject
from converge.components.git.repository import GitRepository
from converge.components.terms import Context
from converge.inventory import Inventory

ContextOf = Callable[..., Context]
WIKI: Any = SimpleNamespace(name="wiki", namespace="wiki", inventory=Inventory())


class Cluster:
    """Keeps objects by kind and name, as patches and applies leave them."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], dict[str, Any]] = {}

    def find(self, kind: str, name: str, _: str = "") -> dict[str, Any] | None:
        return self.kept.get((kind.partition(".")[0], name))

    def create(self, obj: dict[str, Any]) -> None:
        self.kept[obj["kind"], obj["metadata"]["name"]] = copy.deepcopy(obj)

    def apply(self, obj: dict[str, Any], *, force: bool) -> None:
        assert force, "the server may have made it"
        self.create(obj)

    def patch(self, kind: str, name: str, _: str, patch: dict[str, Any]) -> None:
        obj = self.kept[kind, name]
        obj["data"] |= patch["data"]
        obj["metadata"].setdefault("labels", {}).update(patch["metadata"]["labels"])

    def delete(self, kind: str, name: str, _: str) -> None:
        self.kept.pop((kind.partition(".")[0], name), None)


@pytest.fixture
def cluster() -> Any:
    return Cluster()


def objects(context: ContextOf) -> list[dict[str, Any]]:
    return list(ArgoCd(Inventory()).objects(context()))


def config(context: ContextOf, name: str) -> dict[str, str]:
    data: dict[str, str] = manifests.only(objects(context), "ConfigMap", name)["data"]
    return data


def test_people_sign_in_with_the_realm_and_nobody_else_administers(context: ContextOf) -> None:
    data = config(context, "argocd-cm")
    login = yaml.safe_load(data["oidc.config"])
    assert (data["url"], data["admin.enabled"], data["accounts.ci"]) == ("https://argocd.thinkube.test", "false", "apiKey")
    assert (login["issuer"], login["clientID"]) == ("https://auth.thinkube.test/realms/thinkube", "argo-cd")
    assert (login["cliClientID"], login["clientSecret"], login["rootCA"]) == ("argo-cd-cli", "$oidc.clientSecret", "CA")
    assert "groups" in login["requestedScopes"]


def test_what_the_release_says_of_itself_stays(context: ContextOf) -> None:
    assert config(context, "argocd-cm")["resource.exclusions"] == "[]"


def test_administrators_may_everything_programs_deliver_and_others_look(context: ContextOf) -> None:
    data = config(context, "argocd-rbac-cm")
    assert (data["policy.default"], data["scopes"]) == ("role:readonly", "[groups]")
    assert data["policy.csv"].split("\n")[:2] == ["g, cluster-admins, role:admin", "p, ci, applications, sync, */*, allow"]


@pytest.mark.parametrize("name", ["argocd-cm", "argocd-rbac-cm", "argocd-tls-certs-cm"])
def test_what_it_is_told_carries_the_label_without_which_it_takes_no_notice(name: str, context: ContextOf) -> None:
    labels = manifests.only(objects(context), "ConfigMap", name)["metadata"]["labels"]
    assert labels["app.kubernetes.io/part-of"] == "argocd"


def test_every_way_between_its_parts_and_to_valkey_is_verified(context: ContextOf) -> None:
    for item in (one for one in objects(context) if one["kind"] == "Deployment"):
        args = item["spec"]["template"]["spec"]["containers"][0]["args"]
        assert {"--redis-use-tls", "--redis-ca-certificate=/ca/ca.crt"} <= set(args)
        assert ("--repo-server-strict-tls" in args) is (item["metadata"]["name"] != "argocd-repo-server")
        assert not [argument for argument in args if "skip" in argument or "plaintext" in argument or "disable" in argument]


def test_the_cache_reaches_no_keys_of_others() -> None:
    assert "*" not in (*KEYS, *CHANNELS)
    assert all("|" in pattern or pattern.startswith(("access_", "oidc_", "userinfo_", "new-")) for pattern in (*KEYS, *CHANNELS))


def test_a_token_is_signed_with_the_key_and_named_by_its_id() -> None:
    head, claims, signature = tokens.signed("secret", "ci", "one").split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (told["iss"], told["sub"], told["jti"]) == ("argocd", "ci:apiKey", "one")
    expected = hmac.new(b"secret", f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected
    assert json.loads(tokens.listed("one"))[0]["id"] == "one"


def test_another_key_or_id_makes_another_token() -> None:
    access: Any = SimpleNamespace(secret=lambda _namespace, _name, key: f"kept-{key}")
    made = {server.ci_token(access), server.ci_token(access, key="new"), server.ci_token(access, id="new")}
    assert len(made) == 3


def test_a_derived_secret_follows_its_values_and_leaves_what_the_server_adds(cluster: Any) -> None:
    values = {"server.secretkey": "one"}
    setting = DerivedSecret("argocd-secret", "argo-cd", lambda: values, server.PART_OF, lambda: cluster)
    assert [found.seen for found in setting.differences()] == ["absent"]
    setting.write()
    assert not setting.differences()
    cluster.kept["Secret", "argocd-secret"]["data"]["admin.passwordMtime"] = "dGhlaXJz"
    assert not setting.differences()
    values["server.secretkey"] = "two"
    (found,) = setting.differences()
    assert (found.field, found.wanted, found.seen) == ("data.server.secretkey", "(secret)", "(another)")
    setting.write()
    assert not setting.differences()
    assert cluster.kept["Secret", "argocd-secret"]["data"]["admin.passwordMtime"] == "dGhlaXJz"


def test_a_label_that_somebody_took_off_is_put_back(cluster: Any) -> None:
    setting = DerivedSecret("argocd-secret", "argo-cd", dict, server.PART_OF, lambda: cluster)
    setting.write()
    del cluster.kept["Secret", "argocd-secret"]["metadata"]["labels"]["app.kubernetes.io/part-of"]
    assert [found.field for found in setting.differences()] == ["labels.app.kubernetes.io/part-of"]
    setting.write()
    assert not setting.differences()


def test_a_project_that_the_server_made_is_taken_over(cluster: Any) -> None:
    cluster.create({"kind": "AppProject", "metadata": {"name": "default"}, "spec": {}})
    project = DefaultProject("argo-cd", lambda: cluster)
    assert project.differences()
    project.write()
    assert not project.differences()
    project.remove()
    assert not project.is_there()


def test_a_consumers_application_follows_its_repository_into_its_own_namespace(context: ContextOf) -> None:
    source = GitRepository(WIKI)
    part = Application(WIKI, source=source, path="deploy", ignores=[("apps", "Deployment", "/spec/replicas")])
    (made,) = part.objects(context())
    spec = made["spec"]
    assert (made["metadata"]["namespace"], made["metadata"]["name"]) == ("argocd", "wiki")
    assert made["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    assert spec["source"] == {"repoURL": source.ssh_url, "path": "deploy", "targetRevision": "main"}
    assert spec["destination"]["namespace"] == "wiki"
    assert spec["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    assert spec["ignoreDifferences"] == [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]


def test_argo_cd_gets_the_deploy_key_of_a_consumer(cluster: Any, context: ContextOf) -> None:
    access: Any = SimpleNamespace(secret=lambda namespace, name, key: f"{namespace}/{name}/{key}", api=lambda: cluster)
    (setting,) = Application(WIKI, source=GitRepository(WIKI), path="deploy").prerequisites(context(), access)
    setting.write()
    made = cluster.kept["Secret", "repository-wiki"]
    assert made["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "repository"
    told = {key: base64.b64decode(value).decode() for key, value in made["data"].items()}
    assert told == {"type": "git", "url": "ssh://git@git.git.svc/wiki.git", "sshPrivateKey": "wiki/wiki-git/ssh-privatekey"}
