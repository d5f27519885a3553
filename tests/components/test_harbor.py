"""Harbor, which has never run here: its settings against a server that follows its published description strictly, and its Secrets."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from described import NotDescribed, converge
from fake_harbor import URL, FakeHarbor

from converge.apis.harbor import Harbor as Api
from converge.apis.login import Login
from converge.components.harbor import robot as robots
from converge.components.harbor.administrator import TOLD, Administrator
from converge.components.harbor.component import Harbor
from converge.components.harbor.settings import HarborProject, ProxyProject, UpstreamRegistry
from converge.components.terms import Context
from converge.errors import Refused, Unreachable
from converge.images import go
from converge.inventory import Inventory
from converge.kubernetes import secrets

pytestmark = pytest.mark.skipif(go.present() is None, reason="Go fetches Harbor's description")

LIBRARY = {"public": "false"}


@pytest.fixture
def server() -> FakeHarbor:
    return FakeHarbor()


@pytest.fixture
def api(server: FakeHarbor) -> Api:
    return Api(server.http, URL, Login("admin", "right"))  # type: ignore[arg-type]


@pytest.fixture
def access(server: FakeHarbor, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A platform whose Secrets hold the names of their keys; Harbor lets robots in with the secrets that they have."""
    kept: dict[str, Any] = {"metadata": {"annotations": {}}}
    values = {"harbor-admin": "right"}

    def secret(_: str, name: str, key: str) -> str:
        return values.get(name, f"{name}-{key}-A1")

    def opens(_inventory: object, _access: object, username: str, password: str) -> bool:
        return server.secrets.get(username) == password

    def patch(*args: Any) -> None:
        kept["metadata"]["annotations"] |= args[-1]["metadata"]["annotations"]

    monkeypatch.setattr(robots, "_opens", opens)
    cluster = SimpleNamespace(pulls_otherwise=lambda _: [], let_pull=lambda _: None)
    api = SimpleNamespace(get=lambda *_: kept, patch=patch)
    return SimpleNamespace(http=server.http, secret=secret, api=lambda: api, cluster=lambda: cluster, kept=kept, values=values)


@pytest.fixture
def settings(context: Callable[..., Context], access: Any) -> list[Any]:
    return list(Harbor(Inventory()).settings(context(), access))


def test_a_new_harbor_becomes_as_wanted_once(server: FakeHarbor, settings: list[Any]) -> None:
    assert converge(settings) == [
        "configuration of Harbor",
        "Harbor project thinkube",
        "group registry-writers in Harbor project thinkube",
        "retention of Harbor project thinkube",
        "Harbor registry upstream",
        "Harbor project library",
        "Harbor robot robot$platform",
        "secret of Harbor robot robot$platform",
        "Harbor robot robot$nodes",
        "secret of Harbor robot robot$nodes",
    ]
    assert converge(settings) == []
    assert server.configuration["oidc_endpoint"] == "https://auth.thinkube.test/realms/thinkube"
    assert server.projects["library"]["registry_id"] in server.registries


def test_how_people_sign_in_is_settled_before_anybody_could(settings: list[Any], server: FakeHarbor) -> None:
    server.has_people = True
    with pytest.raises(Refused, match="the auth mode cannot be modified"):
        settings[0].write()


def test_a_client_secret_that_harbor_was_not_told_is_told(settings: list[Any], server: FakeHarbor, access: Any) -> None:
    converge(settings)
    assert server.client_secret == "harbor-oidc-client-secret-A1"
    assert server.client_secret not in str(access.kept), "only its digest is kept"
    access.values["harbor-oidc"] = "another-A1"
    assert [one.field for one in settings[0].differences()] == ["oidc_client_secret"]
    assert "another-A1" not in str(settings[0].differences())
    converge(settings)
    assert server.client_secret == "another-A1"
    access.kept["metadata"]["annotations"][TOLD] = "by hand"
    assert converge(settings) == ["configuration of Harbor"]


@pytest.mark.parametrize(
    ("hurt", "healed"),
    [
        pytest.param(lambda it: it.configuration.update(oidc_admin_group="everybody"), "configuration of Harbor", id="who administers"),
        pytest.param(
            lambda it: it.projects["thinkube"]["metadata"].update(public="true"), "Harbor project thinkube", id="a public project"
        ),
        pytest.param(
            lambda it: it.members["thinkube"][0].update(role_id=1), "group registry-writers in Harbor project thinkube", id="a role"
        ),
        pytest.param(
            lambda it: next(iter(it.policies.values()))["rules"][0]["params"].update(latestPushedK=1),
            "retention of Harbor project thinkube",
            id="how much is kept",
        ),
        pytest.param(
            lambda it: next(iter(it.policies.values()))["rules"][0].update(disabled=True),
            "retention of Harbor project thinkube",
            id="a rule that is switched off",
        ),
        pytest.param(
            lambda it: next(iter(it.registries.values())).update(url="https://elsewhere.test"), "Harbor registry upstream", id="an upstream"
        ),
        pytest.param(
            lambda it: next(iter(it.robots.values()))["permissions"][0]["access"].pop(),
            "Harbor robot robot$platform",
            id="a robot's rights",
        ),
        pytest.param(
            lambda it: it.secrets.update({"robot$nodes": "Another1"}), "secret of Harbor robot robot$nodes", id="a robot's secret"
        ),
    ],
)
def test_what_somebody_changed_is_put_back(server: FakeHarbor, settings: list[Any], hurt: Any, healed: str) -> None:
    converge(settings)
    hurt(server)
    assert converge(settings) == [healed]


def test_what_somebody_removed_is_made_anew(server: FakeHarbor, settings: list[Any]) -> None:
    converge(settings)
    for setting in reversed(settings):
        if hasattr(setting, "remove") and setting.within == "harbor":
            setting.remove()
            assert not setting.is_there(), setting.subject
    assert (server.projects, server.robots, server.registries, server.policies) == ({}, {}, {}, {})
    assert len(converge(settings)) == 9, "all but how people sign in"


def test_a_project_of_that_name_with_images_is_not_taken_away(server: FakeHarbor, api: Api) -> None:
    server.repositories["library"] = ["busybox"]
    upstream = UpstreamRegistry(api, "upstream", "https://quay.io")
    converge([upstream])
    with pytest.raises(Refused, match="images of its own: busybox"):
        ProxyProject(api, "library", upstream, LIBRARY).write()
    assert "library" in server.projects


def test_a_project_is_removed_with_what_is_in_it(server: FakeHarbor, api: Api) -> None:
    project = HarborProject(api, "wiki", {"public": "false"})
    converge([project])
    server.repositories["wiki"] = ["server", "tools/build"]
    project.remove()
    assert "wiki" not in server.projects


def test_an_upstream_of_another_kind_is_made_anew(server: FakeHarbor, api: Api) -> None:
    converge([UpstreamRegistry(api, "upstream", "https://registry-1.docker.io")])
    assert [one["type"] for one in server.registries.values()] == ["docker-hub"]
    converge([UpstreamRegistry(api, "upstream", "https://quay.io")])
    assert [(one["type"], one["url"]) for one in server.registries.values()] == [("docker-registry", "https://quay.io")]


def test_the_administrators_password_is_told_once_and_tried(server: FakeHarbor, context: Callable[..., Context], access: Any) -> None:
    (credential,) = Administrator(Harbor(Inventory())).credentials(context(), access)
    old, new = {"username": "admin", "password": "right"}, {"username": "admin", "password": "new"}
    credential.change(old, new)
    assert (credential.accepts(old), credential.accepts(new)) == (False, True)
    credential.change(old, new)
    assert server.password == "new"


def test_the_secrets_are_as_long_as_harbor_wants_them() -> None:
    made = {secret.name: {key: secrets.make(kind) for key, kind in secret.keys.items()} for secret in Harbor(Inventory()).secrets()}
    assert len(made["harbor-keys"]["key"]) == 16, "the key of a block cipher"
    assert made["harbor-keys"]["private_key.pem"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert len(made["harbor-shared"]["csrf-key"]) == 32, "with any other length every request fails"
    assert {len(made["harbor-shared"][name]) for name in ("core-secret", "jobservice-secret")} == {16}
    assert base64.b64encode(made["harbor-admin"]["password"].encode())


def test_who_answers_in_harbors_place_is_told_apart(api: Api, monkeypatch: pytest.MonkeyPatch, server: FakeHarbor) -> None:
    import requests

    answer = requests.Response()
    answer.status_code, answer._content, answer.headers["Content-Type"] = 404, b"404 page not found", "text/plain"
    monkeypatch.setattr(server.http, "request", lambda *_, **__: answer)
    for look in (api.is_known, api.configuration, lambda: api.project("thinkube")):
        with pytest.raises(Unreachable, match="lead to Harbor"):
            look()


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        pytest.param(lambda api: api.configure({"oidc_groups_claims": "groups"}), "unknown field oidc_groups_claims", id="unknown field"),
        pytest.param(lambda api: api.configure({"oidc_verify_cert": "true"}), "wanted boolean", id="wrong type"),
        pytest.param(lambda api: api.configure({"token_expiration": True}), "wanted integer", id="a truth value is no number"),
        pytest.param(lambda api: api.create_project({"name": "wiki"}), "unknown field name", id="the name of an answer's field"),
        pytest.param(lambda api: api._api.send("POST", "/projects"), "project is missing", id="missing body"),
        pytest.param(lambda api: api._api.read("/projects?names=a"), "unknown query names", id="unknown parameter"),
        pytest.param(lambda api: api._api.read("/projekts"), "no such path", id="unknown path"),
        pytest.param(lambda api: api.create_robot({"name": "a", "permissions": [{"access": {}}]}), "wanted array", id="inside a list"),
    ],
)
def test_the_server_of_these_tests_refuses_what_the_description_does_not_say(api: Api, attempt: Any, why: str) -> None:
    with pytest.raises(NotDescribed, match=why):
        attempt(api)


def test_pages_are_the_portals_and_everything_else_the_cores(context: Callable[..., Context]) -> None:
    (ingress,) = (one for one in Harbor(Inventory()).objects(context()) if one["kind"] == "Ingress")
    (rule,) = ingress["spec"]["rules"]
    led = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    core = dict.fromkeys(("/api", "/c", "/v2", "/service/token"), "harbor-core")
    assert (rule["host"], led) == ("harbor.thinkube.test", {**core, "/": "harbor-portal"})


def test_the_job_service_waits_for_a_core_that_answers(context: Callable[..., Context], tmp_path: Path) -> None:
    answers = ["HTTP/1.1 503 not yet", "HTTP/1.1 200 OK"]
    config = next(one for one in Harbor(Inventory()).objects(context()) if one["metadata"]["name"] == "harbor" and "data" in one)
    (tmp_path / "core.sh").write_text(config["data"]["core.sh"])
    with socket.create_server(("127.0.0.1", 0)) as core:
        address = f"127.0.0.1:{core.getsockname()[1]}"
        with subprocess.Popen(["sh", tmp_path / "core.sh"], env={"CORE": address, "PATH": os.defpath}) as waiting:
            for line in answers:
                connection, _ = core.accept()
                with connection:
                    assert connection.recv(100).startswith(b"GET /api/v2.0/ping ")
                    connection.sendall(f"{line}\r\n\r\n".encode())
            assert waiting.wait(20) == 0
