"""Every generated Secret has a way back after its product was given another value: a plain run, a restore, or the reason why neither."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from converge.apis.keycloak import WrongAdministrator
from converge.components import COMPONENTS
from converge.components.component import Context
from converge.components.keycloak import recovery
from converge.components.keycloak.administrator import Administrator
from converge.inventory import Inventory

RUN = "a plain run"
"""Its setting compares and writes it; `thinkube secrets restore` is such a run."""

RESTORE = "thinkube secrets restore"
"""A person may have changed it on purpose, so it is not undone by itself."""

START = "a restart"
"""The product has it from its environment only: nobody can change it there, and pods follow their Secret."""

NOTHING = "nothing signs in with it"

WAYS = {
    "postgres/postgres-superuser": (RUN, "password of PostgreSQL's superuser"),
    "keycloak/keycloak-database": (RUN, "database keycloak"),
    "keycloak/keycloak-admin": (RESTORE, ""),
    "keycloak/realm-admin": (RESTORE, ""),
    "minio/minio-root": (START, ""),
    "minio/minio-oidc": (RUN, "client minio of realm thinkube"),
    "postgres/postgres-backup-bucket": (RUN, "object storage user postgres-backup"),
    "valkey/valkey-admin": (RUN, "administrator of valkey-0"),
    "ingress-dashboard/ingress-dashboard-oidc": (RUN, "client ingress-dashboard of realm thinkube"),
    "ingress-dashboard/ingress-dashboard-valkey": (RUN, "Valkey user ingress-dashboard"),
    "ingress-dashboard/ingress-dashboard-cookie": (NOTHING, ""),
}
SECRETS = [(kind(), secret) for kind in COMPONENTS for secret in kind().secrets(Inventory())]


class Anything:
    """An access that nobody asks for anything yet."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: SimpleNamespace(nodes=())


def test_the_table_names_every_generated_secret_and_no_other() -> None:
    assert set(WAYS) == {f"{secret.namespace}/{secret.name}" for _, secret in SECRETS}


@pytest.mark.parametrize(("component", "secret"), [pytest.param(*row, id=row[1].name) for row in SECRETS])
def test_every_generated_secret_has_its_way_back(component: Any, secret: Any, context: Callable[..., Context]) -> None:
    way, subject = WAYS[f"{secret.namespace}/{secret.name}"]
    access: Any = Anything()
    found = [one for one in component.credentials(context(), access) if one.secret == secret]
    assert len(found) == (0 if way == NOTHING else 1)
    assert [one.recover is not None for one in found] == [way == RESTORE for _ in found]
    subjects = [one.subject for one in (*component.prerequisites(context(), access), *component.settings(context(), access))]
    assert not subject or subject in subjects
    assert way != START or found[0].needs_restart


@pytest.fixture
def locked_out(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Administrator]:
    """The administrator of a Keycloak that refuses the Secret's password; its pod was made at noon."""

    def refuse(_: object) -> None:
        raise WrongAdministrator("the administrator signed in")

    monkeypatch.setattr(recovery, "leftovers", refuse)

    def make(written: str) -> Administrator:
        secret = {"metadata": {"creationTimestamp": written}}
        pod = {"metadata": {"creationTimestamp": "2026-11-26T12:00:00Z"}}
        api = SimpleNamespace(get=lambda *_: secret, list=lambda *_, **__: [pod])
        access: Any = SimpleNamespace(api=lambda: api, http=SimpleNamespace(), secret=lambda *_: "Qz7-made-anew")
        monkeypatch.setattr("converge.components.keycloak.administrator.realm", lambda *_: None)
        return Administrator(Inventory(), access)

    return make


def test_an_administrators_password_that_was_changed_there_is_not_undone(locked_out: Callable[[str], Administrator]) -> None:
    with pytest.raises(WrongAdministrator):
        locked_out("2026-11-26T11:00:00Z").differences()


def test_a_lost_secret_of_the_administrator_is_told_by_keycloaks_own_recovery(locked_out: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(recovery, "recover", lambda _inventory, _access, values: told.append(values))
    administrator = locked_out("2026-11-26T12:30:00Z")
    (difference,) = administrator.differences()
    assert (difference.field, difference.wanted, difference.seen) == ("password", "(secret)", "(another)")
    administrator.write()
    assert told == [{"username": "admin", "password": "Qz7-made-anew"}]


def test_the_recovery_runs_as_the_server_does_where_no_service_leads() -> None:
    container = {"name": "keycloak", "image": "x", "args": ["start"], "env": [{"name": "KC_DB_URL", "value": "u"}], "readinessProbe": {}}
    container["env"].append({"name": "KC_BOOTSTRAP_ADMIN_PASSWORD", "value": "p"})  # type: ignore[attr-defined]
    server = {"spec": {"template": {"metadata": {"labels": {"app.kubernetes.io/name": "keycloak"}}, "spec": {"containers": [container]}}}}
    template = recovery._job(server, "thinkube-recovery-1")["spec"]["template"]
    (made,) = template["spec"]["containers"]
    assert template["metadata"]["labels"] == {"app.kubernetes.io/name": "keycloak-recovery"}
    assert made["args"][:3] == ["bootstrap-admin", "user", "--optimized"]
    assert [row["name"] for row in made["env"]] == ["KC_DB_URL", "RECOVERY_PASSWORD"]
    assert "readinessProbe" not in made
