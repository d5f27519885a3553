"""Every generated Secret has a way back after its product was given another value: a plain run, a restore, or the reason why neither."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from converge.apis.keycloak import WrongAdministrator
from converge.components import known
from converge.components.keycloak import recovery
from converge.components.keycloak.administrator import AcceptedAdministrator
from converge.components.terms import Context
from converge.inventory import Inventory

RUN = "a plain run"
"""Its setting compares and writes it; `thinkube secrets restore` is such a run."""

RESTORE = "thinkube secrets restore"
"""A person may have changed it on purpose, so it is not undone by itself."""

START = "a restart"
"""The product has it from its environment only: nobody can change it there, and pods follow their Secret."""

NOTHING = "nothing signs in with it"

BETWEEN = "it proves only which of the component's own pods speaks; both read it anew"

WAYS = {
    "postgres/postgres-superuser": (RUN, "password of PostgreSQL's superuser"),
    "keycloak/keycloak-database": (RUN, "database keycloak"),
    "keycloak/keycloak-admin": (RESTORE, ""),
    "keycloak/realm-admin": (RESTORE, ""),
    "minio/minio-root": (START, ""),
    "minio/minio-oidc": (RUN, "client minio of realm thinkube"),
    "postgres/postgres-backup-bucket": (RUN, "object storage user postgres-backup"),
    "git/git-host-key": (NOTHING, ""),
    "git/git-platform-git": (RUN, "Git deploy key git-platform"),
    "devpi/devpi-root": (RUN, "root of devpi"),
    "devpi/devpi-uploader": (RUN, "devpi user uploader"),
    "devpi/devpi-oidc": (RUN, "client devpi of realm thinkube"),
    "devpi/devpi-valkey": (RUN, "Valkey user devpi"),
    "devpi/devpi-cookie": (NOTHING, ""),
    "argocd/argo-cd-oidc": (RUN, "client argo-cd of realm thinkube"),
    "argocd/argo-cd-valkey": (RUN, "Valkey user argo-cd"),
    "argocd/argocd-ci": (RUN, "Secret argocd/argocd-ci-token"),
    "argocd/argocd-signature": (RUN, "Secret argocd/argocd-secret"),
    "argo/argo-workflows-bucket": (RUN, "object storage user argo-workflows"),
    "argo/argo-workflows-oidc": (RUN, "client argo-workflows of realm thinkube"),
    "registry/registry-bucket": (RUN, "object storage user registry"),
    "registry/registry-uploads": (NOTHING, ""),
    "registry-mirror/registry-mirror-bucket": (RUN, "object storage user registry-mirror"),
    "registry-mirror/registry-mirror-uploads": (NOTHING, ""),
    "registry/robot-platform": (RESTORE, ""),
    "registry/robot-nodes": (RESTORE, ""),
    "harness/harness-bucket": (RUN, "object storage user harness"),
    "harbor/harbor-database": (RUN, "database harbor"),
    "harbor/harbor-bucket": (RUN, "object storage user harbor"),
    "harbor/harbor-oidc": (RUN, "client harbor of realm thinkube"),
    "harbor/harbor-admin": (RESTORE, ""),
    "harbor/harbor-shared": (BETWEEN, ""),
    "harbor/harbor-keys": (NOTHING, ""),
    "harbor/harbor-robot-platform": (RUN, "secret of Harbor robot robot$platform"),
    "harbor/harbor-robot-nodes": (RUN, "secret of Harbor robot robot$nodes"),
    "awx/awx-database": (RUN, "database awx"),
    "awx/awx-oidc": (RUN, "client awx of realm thinkube"),
    "awx/awx-admin": (RUN, "administrator of AWX itself"),
    "awx/awx-keys": (NOTHING, ""),
    "opensearch/opensearch-admin": (RUN, "administrator of OpenSearch"),
    "valkey/valkey-admin": (RUN, "administrator of valkey-0"),
    "ingress-dashboard/ingress-dashboard-oidc": (RUN, "client ingress-dashboard of realm thinkube"),
    "ingress-dashboard/ingress-dashboard-valkey": (RUN, "Valkey user ingress-dashboard"),
    "ingress-dashboard/ingress-dashboard-cookie": (NOTHING, ""),
    "monitoring/prometheus-oidc": (RUN, "client prometheus of realm thinkube"),
    "monitoring/prometheus-valkey": (RUN, "Valkey user prometheus"),
    "monitoring/prometheus-cookie": (NOTHING, ""),
    "pgadmin/pgadmin-database": (RUN, "database pgadmin"),
    "pgadmin/pgadmin-oidc": (RUN, "client pgadmin of realm thinkube"),
    "pgadmin/pgadmin-valkey": (RUN, "Valkey user pgadmin"),
    "pgadmin/pgadmin-cookie": (NOTHING, ""),
    "pgadmin/pgadmin-voucher": (BETWEEN, ""),
    "jupyterhub/jupyterhub-database": (RUN, "database jupyterhub"),
    "jupyterhub/jupyterhub-oidc": (RUN, "client jupyterhub of realm thinkube"),
    "jupyterhub/jupyterhub-keys": (NOTHING, ""),
    "mlflow/mlflow-database": (RUN, "database mlflow"),
    "mlflow/mlflow-bucket": (RUN, "object storage user mlflow"),
    "mlflow/mlflow-oidc": (RUN, "client mlflow of realm thinkube"),
    "mlflow/mlflow-valkey": (RUN, "Valkey user mlflow"),
    "mlflow/mlflow-cookie": (NOTHING, ""),
    "mlflow/mlflow-voucher": (BETWEEN, ""),
    "dashboard/dashboard-oidc": (RUN, "client dashboard of realm thinkube"),
    "dashboard/dashboard-valkey": (RUN, "Valkey user dashboard"),
    "dashboard/dashboard-cookie": (NOTHING, ""),
    "mkdocs/mkdocs-docs-git": (RUN, "Git deploy key mkdocs-docs"),
    "argo/mkdocs-builder-docs-git": (RUN, "Git deploy key mkdocs-builder-docs"),
    "argo/mkdocs-builder-bucket": (RUN, "object storage user mkdocs-builder"),
    "mkdocs/mkdocs-bucket": (RUN, "object storage user mkdocs"),
    "mkdocs/mkdocs-oidc": (RUN, "client mkdocs of realm thinkube"),
    "mkdocs/mkdocs-valkey": (RUN, "Valkey user mkdocs"),
    "mkdocs/mkdocs-cookie": (NOTHING, ""),
    "dashboard/dashboard-voucher": (BETWEEN, ""),
}
SECRETS = [(component, secret) for component in known(Inventory()).values() for secret in component.secrets()]


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
    assert len(found) == (0 if way in (NOTHING, BETWEEN) else 1)
    assert [one.recover is not None for one in found] == [way == RESTORE for _ in found]
    subjects = [one.subject for one in (*component.prerequisites(context(), access), *component.settings(context(), access))]
    assert not subject or subject in subjects
    assert way != START or found[0].needs_restart


@pytest.fixture
def keycloak(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Keycloak that lets its administrator in with one of ``accepts``; ``told`` is what its recovery was given."""
    accepts: list[str] = []
    told: list[Any] = []

    def leftovers(_: object) -> list[Any]:
        if access.secret() not in accepts:
            raise WrongAdministrator("the administrator signed in")
        return []

    def recover(_inventory: object, _access: object, values: dict[str, str]) -> None:
        told.append(values)
        accepts.append(values["password"])

    monkeypatch.setattr(recovery, "recover", recover)
    secret: dict[str, Any] = {"metadata": {"uid": "1", "annotations": {}}}

    def patch(*args: Any) -> None:
        secret["metadata"]["annotations"] |= args[-1]["metadata"]["annotations"]

    api = SimpleNamespace(get=lambda *_: secret, patch=patch)
    access: Any = SimpleNamespace(api=lambda: api, http=SimpleNamespace(), secret=lambda *_: secret.get("value", "Qz7-made-anew"))
    monkeypatch.setattr("converge.components.keycloak.administrator.realm", lambda *_: None)
    monkeypatch.setattr(recovery, "leftovers", leftovers)
    kept = AcceptedAdministrator(Inventory(), access)
    return SimpleNamespace(kept=kept, secret=secret, told=told, accepts=accepts)


def accepted(keycloak: Any) -> AcceptedAdministrator:
    """Keycloak has let the administrator in with the Secret's value, and a run has seen that."""
    keycloak.accepts.append("Qz7-made-anew")
    assert [one.seen for one in keycloak.kept.differences()] == ["not marked"]
    keycloak.kept.write()
    assert not keycloak.kept.differences()
    return keycloak.kept  # type: ignore[no-any-return]


def test_an_administrators_password_that_was_changed_there_is_not_undone(keycloak: Any) -> None:
    administrator = accepted(keycloak)
    keycloak.accepts.clear()
    with pytest.raises(WrongAdministrator):
        administrator.differences()


@pytest.mark.parametrize("lost", [{"metadata": {"uid": "2", "annotations": {}}}, {"value": "Qz7-made-later"}], ids=["deleted", "emptied"])
def test_a_lost_secret_of_the_administrator_is_told_by_keycloaks_own_recovery(keycloak: Any, lost: dict[str, Any]) -> None:
    """Whatever was restarted since: the database's Secret may have been lost with it, and Keycloak started anew for that."""
    administrator = accepted(keycloak)
    keycloak.secret.update(lost)
    keycloak.accepts.clear()
    (difference,) = administrator.differences()
    assert (difference.field, difference.wanted, difference.seen) == ("password", "(secret)", "(another)")
    administrator.write()
    assert keycloak.told == [{"username": "admin", "password": lost.get("value", "Qz7-made-anew")}]
    assert not administrator.differences()


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
