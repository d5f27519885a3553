"""The registry: who may do what is one mapper of ours alone, attributes that grant something are administrators', robots are kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fake_keycloak import URL, FakeKeycloak

from converge.apis.keycloak import Keycloak, Realm
from converge.apis.registry import digest
from converge.components.keycloak.docker_client import ATTRIBUTE, DockerClient
from converge.components.keycloak.realm import GRANTING
from converge.components.keycloak.settings import UserProfile
from converge.components.registry import consumers
from converge.components.registry.component import Registry
from converge.components.registry.nodes import NodesPull
from converge.components.registry.robot import RobotAccount
from converge.inventory import Inventory

CONTEXT: Any = SimpleNamespace(inventory=Inventory(), ca_pem=lambda: "CA")
OWNER: Any = SimpleNamespace(name="wiki", namespace="wiki", inventory=Inventory())


@pytest.fixture
def server() -> FakeKeycloak:
    return FakeKeycloak()


@pytest.fixture
def realm(server: FakeKeycloak, monkeypatch: pytest.MonkeyPatch) -> Realm:
    seen: Realm = Keycloak(server, URL, "admin", lambda: "right").realm("thinkube")  # type: ignore[arg-type]
    for module in ("keycloak.docker_client", "registry.robot"):
        monkeypatch.setattr(f"converge.components.{module}.realm", lambda *_: seen)
    return seen


@pytest.fixture
def access() -> Any:
    kept = {"metadata": {"creationTimestamp": "1970-01-01T00:30:00Z"}}
    return SimpleNamespace(secret=lambda *names: "-".join(names), api=lambda: SimpleNamespace(get=lambda *_: kept))


def converged(settings: Any) -> None:
    for setting in settings:
        setting.write()
        assert not setting.differences()


def test_a_mapper_that_grants_everything_to_everybody_is_taken_away(server: FakeKeycloak, realm: Realm, access: Any) -> None:
    client = DockerClient(OWNER, everybody="*:pull").prerequisites(CONTEXT, access)
    converged(client)
    mappers = server.find("clients", "wiki")["protocolMappers"]
    assert [one["protocolMapper"] for one in mappers] == ["thinkube-registry-access"]
    mappers.append({"id": "all", "name": "docker-v2-allow-all-mapper", "protocolMapper": "docker-v2-allow-all-mapper"})
    assert [one.field for one in client[0].differences()] == ["mappers.docker-v2-allow-all-mapper"]
    converged(client)
    assert [one["protocolMapper"] for one in server.find("clients", "wiki")["protocolMappers"]] == ["thinkube-registry-access"]


def test_the_registry_reads_an_attribute_that_only_administrators_write(server: FakeKeycloak, realm: Realm) -> None:
    assert ATTRIBUTE in GRANTING
    profile = UserProfile(realm, {"unmanagedAttributePolicy": "ENABLED"}, guarded=GRANTING)
    converged([profile])
    declared = {item["name"]: item.get("permissions") for item in server.profile["attributes"]}
    assert declared == {"username": None, **{name: {"view": ["admin"], "edit": ["admin"]} for name in GRANTING}}
    assert "declared" not in server.profile
    server.profile["attributes"][1]["permissions"]["edit"].append("user")
    assert profile.differences()


def test_a_robot_gets_back_the_rights_that_somebody_took(server: FakeKeycloak, realm: Realm, access: Any) -> None:
    robot = RobotAccount(OWNER, may=["wiki/*:pull,push"])
    assert (robot.host, robot.secret.namespace, robot.secret.name) == ("registry.thinkube.test", "wiki", "robot-wiki")
    (setting,) = robot.prerequisites(CONTEXT, access)
    converged([setting])
    server.find("users", "robot-wiki")["attributes"][ATTRIBUTE] = ["*:*"]
    assert setting.differences()
    converged([setting])
    assert server.find("users", "robot-wiki")["attributes"] == {ATTRIBUTE: ["wiki/*:pull,push"]}
    setting.remove()  # type: ignore[attr-defined]
    assert not setting.is_there()  # type: ignore[attr-defined]


def test_nodes_learn_a_login_that_shows_nowhere(access: Any) -> None:
    told: list[Any] = []
    cluster = SimpleNamespace(pulls_otherwise=lambda _: [] if told else ["local-control"], let_pull=told.append)
    access.cluster = lambda: cluster
    account = RobotAccount(Registry(Inventory()), name="nodes", may=["*:pull"])
    (setting,) = NodesPull(account).settings(CONTEXT, access)
    assert "password" not in str(setting.differences())
    converged([setting])
    (registry,) = told
    assert (registry.host, registry.ca_pem, registry.username) == ("registry.thinkube.test", "CA", "registry-robot-nodes-username")
    assert registry.password not in repr(registry)


def test_an_image_made_up_names_what_it_consists_of() -> None:
    image = consumers.made_up()
    assert all(digest(content) == name for name, content in image.blobs.items())
    assert image != consumers.made_up()
