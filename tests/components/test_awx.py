"""AWX, which has never run here: its settings against a server that refuses what AWX's serializers do not know, and its playbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from described import NotDescribed, converge
from fake_awx import URL, FakeAwx

from converge.apis.awx import Awx as Api
from converge.apis.login import Login
from converge.components.awx import component, templates
from converge.components.awx.administrator import AwxAdministratorPassword
from converge.components.awx.component import PLAYBOOKS, Awx
from converge.components.awx.settings import AwxAdministrators, AwxItem
from converge.components.terms import Context, Listed
from converge.errors import Refused, Unreachable
from converge.inventory import Inventory

VALKEY = Listed("valkey", "Valkey", "OPT-011", "valkey", "valkey", {}, (), ())


@pytest.fixture
def server() -> FakeAwx:
    return FakeAwx()


@pytest.fixture
def api(server: FakeAwx) -> Api:
    return Api(server, URL, Login("admin", "right"))  # type: ignore[arg-type]


@pytest.fixture
def members() -> list[dict[str, Any]]:
    """Who is in the group of AWX's administrators."""
    return [{"username": "ada", "email": "ada@thinkube.test", "enabled": True}]


@pytest.fixture
def settings(api: Api, members: list[dict[str, Any]], context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    realm = SimpleNamespace(group=lambda name: {"id": name}, admin=SimpleNamespace(get_group_members=lambda _: members))
    monkeypatch.setattr(component, "realm", lambda *_: realm)
    monkeypatch.setattr(component, "as_administrator", lambda *_: api)
    minio = replace(VALKEY, name="minio", issue="CORE-006")
    return list(component.held(replace(context(), components=lambda: [minio, VALKEY]), SimpleNamespace()))  # type: ignore[arg-type]


def test_a_new_awx_becomes_as_wanted_once(server: FakeAwx, settings: list[Any]) -> None:
    assert converge(settings) == [
        "administrators of AWX",
        "AWX organization Thinkube",
        "AWX project thinkube",
        "AWX inventory Platform",
        "AWX host platform",
        "AWX job template Deploy valkey",
        "AWX job template Verify valkey",
        "AWX job template Remove valkey",
    ]
    assert converge(settings) == []
    verify = next(one for one in server.items["job_templates"].values() if one["name"] == "Verify valkey")
    assert verify["extra_vars"] == '{"command": ["verify", "valkey"]}'


def test_who_joins_the_group_administers_and_who_leaves_it_does_not(
    server: FakeAwx, settings: list[Any], members: list[dict[str, Any]]
) -> None:
    converge(settings)
    assert {one["username"]: one["is_superuser"] for one in server.items["users"].values()} == {"admin": True, "ada": True}
    members[:] = [{"username": "grace", "email": "grace@thinkube.test", "enabled": True}]
    assert [(one.field, one.wanted) for one in settings[0].differences()] == [("grace", True), ("ada", False)]
    assert converge(settings) == ["administrators of AWX"]
    assert {one["username"]: one["is_superuser"] for one in server.items["users"].values()} == {"admin": True, "ada": False, "grace": True}


def test_who_is_disabled_does_not_administer(server: FakeAwx, settings: list[Any], members: list[dict[str, Any]]) -> None:
    members[0]["enabled"] = False
    converge(settings)
    assert [one["username"] for one in server.items["users"].values()] == ["admin"]


def test_nobody_is_made_an_administrator_by_hand(server: FakeAwx, api: Api, settings: list[Any]) -> None:
    converge(settings)
    api.create("users", {"username": "eve", "password": "x", "is_superuser": True})
    assert converge(settings) == ["administrators of AWX"]
    assert api.find("users", "eve")["is_superuser"] is False  # type: ignore[index]


def test_what_somebody_changed_or_removed_is_put_back(server: FakeAwx, settings: list[Any]) -> None:
    converge(settings)
    template = next(iter(server.items["job_templates"].values()))
    template["extra_vars"] = "command: [rm]"
    assert converge(settings) == ["AWX job template Deploy valkey"]
    for setting in reversed(settings[1:]):
        setting.remove()
        assert not setting.is_there()
    assert [kind for kind, items in server.items.items() if items] == ["users"]
    assert len(converge(settings)) == 7


def test_an_item_that_moved_to_another_owner_comes_back(server: FakeAwx, api: Api) -> None:
    owner, other = (AwxItem(api, "organizations", name, {}) for name in ("ours", "theirs"))
    item = AwxItem(api, "inventories", "Platform", {"kind": ""}, of={"organization": owner})
    converge([owner, other, item])
    next(iter(server.items["inventories"].values()))["organization"] = other.read()["id"]  # type: ignore[index]
    assert [one.field for one in item.differences()] == ["organization"]
    converge([item])


def test_the_administrators_password_is_tried(server: FakeAwx, monkeypatch: pytest.MonkeyPatch) -> None:
    access: Any = SimpleNamespace(http=server, secret=lambda *_: "right")
    setting = AwxAdministratorPassword(Inventory(), access)
    assert not setting.differences()
    server.password = "given by hand"
    assert [one.field for one in setting.differences()] == ["password"]
    assert "right" not in str(setting.differences())


def test_who_answers_in_awxs_place_is_told_apart(server: FakeAwx, api: Api) -> None:
    server.is_routed = False
    for look in (api.is_known, lambda: api.find("projects", "thinkube")):
        with pytest.raises(Unreachable, match="lead to AWX"):
            look()


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        pytest.param(lambda api: api.create("organizations", {"name": "a", "max_host": 1}), "unknown field max_host", id="unknown field"),
        pytest.param(
            lambda api: api.create("users", {"username": "a", "password": "b", "is_superuser": "yes"}), "wanted bool", id="wrong type"
        ),
        pytest.param(lambda api: api.create("inventories", {"name": "a", "organization": 99}), "no such item", id="nothing of that id"),
        pytest.param(lambda api: api.create("projects", {"name": "a", "scm_type": "manual"}), "no valid choice", id="no choice"),
        pytest.param(lambda api: api.items("hosts", nam="a"), "no filter nam", id="unknown filter"),
        pytest.param(lambda api: api._api.send("POST", "/projects", {}), "every path ends in /", id="no slash at the end"),
    ],
)
def test_the_server_of_these_tests_refuses_what_awx_does_not_know(api: Api, attempt: Any, why: str) -> None:
    with pytest.raises(NotDescribed, match=why):
        attempt(api)


def test_what_is_missing_is_refused(api: Api) -> None:
    with pytest.raises(Refused, match="This field is required"):
        api.create("hosts", {"name": "platform"})


def test_the_playbook_is_where_the_project_says_and_fills_in_the_command(context: Callable[..., Context]) -> None:
    (play,) = yaml.safe_load((PLAYBOOKS / templates.PLAYBOOK).read_text())
    assert play["hosts"] == "platform"
    assert "{'args': command}" in play["vars"]["container"]
    objects = {one["metadata"]["name"]: one for one in Awx(Inventory()).objects(context()) if one["kind"] == "ConfigMap"}
    assert set(objects["awx-playbooks"]["data"]) == {templates.PLAYBOOK}
    assert yaml.safe_load(objects["awx-playbooks"]["data"][templates.PLAYBOOK]) == [play]
    pod = yaml.safe_load(objects["awx-jobs"]["data"]["pod.yaml"])
    assert pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
    assert yaml.safe_load(objects["awx-jobs"]["data"]["job.json"])["spec"]["backoffLimit"] == 0


def test_its_settings_file_is_python(context: Callable[..., Context]) -> None:
    objects = {one["metadata"]["name"]: one for one in Awx(Inventory()).objects(context()) if one["kind"] == "ConfigMap"}
    for name in ("settings.py", "administrator.py"):
        compile(objects["awx"]["data"][name], name, "exec")


def test_who_administers_is_a_setting_that_says_whom(api: Api) -> None:
    nobody = SimpleNamespace(group=lambda _: None)
    assert not AwxAdministrators(api, nobody, "awx-admins", own="admin").differences()  # type: ignore[arg-type]
