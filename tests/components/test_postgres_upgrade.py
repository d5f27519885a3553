"""Another major version of PostgreSQL: everything is written down by the one that runs, before the next one starts on files of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from converge.components import known
from converge.components.postgres import upgrade
from converge.components.terms import Context, KubernetesObject
from converge.errors import NotReady
from converge.inventory import Inventory


class Api:
    """A cluster in which PostgreSQL runs; ``log`` is what was done to it."""

    def __init__(self, server: KubernetesObject) -> None:
        self.server = server
        self.log: list[str] = []
        self.job: KubernetesObject = {}

    def get(self, *_: str) -> KubernetesObject:
        return self.server

    def find(self, *_: str) -> None:
        return None

    def list(self, *_: str, **__: str) -> list[KubernetesObject]:
        return []

    def patch(self, kind: str, name: str, namespace: str, patch: Any) -> None:
        self.log.append(f"{kind} {name}: {patch['spec']['replicas']} replicas")

    def create(self, job: KubernetesObject) -> KubernetesObject:
        self.job = job
        self.log.append("create job")
        return job

    def delete(self, kind: str, *_: str) -> None:
        self.log.append(f"delete {kind.lower()}")


@pytest.fixture
def prepare(context: Callable[[], Context], monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], tuple[Api, str]]:
    """``prepare("17", "18")``: what is done, and said, where 17 runs and 18 is to come."""
    monkeypatch.setattr(upgrade, "wait_until_ready", lambda *_, **__: None)

    def run(runs: str, wanted: str) -> tuple[Api, str]:
        postgres = known(Inventory())["postgres"]
        before = replace(context(), version=lambda _: runs, image=lambda name: f"{name}:{runs}")
        live = next(item for item in postgres.objects(before) if item["kind"] == "StatefulSet")
        api = Api(live)
        after = replace(context(), version=lambda _: wanted, image=lambda name: f"{name}:{wanted}")
        access: Any = SimpleNamespace(api=lambda: api, progress=None)
        return api, "".join(backup.make() for backup in postgres.backups(after, access))

    return run


def environment(job: KubernetesObject) -> dict[str, str]:
    return {one["name"]: one["value"] for one in job["spec"]["template"]["spec"]["containers"][0]["env"]}


@pytest.mark.parametrize(
    ("version", "named"),
    [("17.12", "pgdata"), ("17 Debian 2026-11-23", "pgdata"), ("18.1", "pgdata-18"), ("19", "pgdata-19"), ("", "pgdata")],
)
def test_each_major_version_has_files_of_its_own(version: str, named: str) -> None:
    assert upgrade.folder(version) == f"/var/lib/postgresql/data/{named}"


def test_a_minor_version_reads_the_files_that_are_there(prepare) -> None:
    api, _ = prepare("17.11", "17.12")
    assert api.log == []


def test_the_running_version_writes_everything_down_once_nobody_uses_it(prepare) -> None:
    api, _ = prepare("17", "18")
    assert api.log == ["StatefulSet postgres: 0 replicas", "create job", "delete job"]
    assert api.job["spec"]["template"]["spec"]["containers"][0]["image"] == "postgres:17"
    assert environment(api.job) == {
        "FROM": "/var/lib/postgresql/data/pgdata",
        "TO": "/var/lib/postgresql/data/pgdata-18",
        "COPY": "/var/lib/postgresql/data/copies/for-pgdata-18.sql.gz",
    }


def test_the_first_start_reads_what_was_written_for_it(context: Callable[[], Context]) -> None:
    objects = known(Inventory())["postgres"].objects(replace(context(), version=lambda _: "18"))
    script = next(item for item in objects if item["metadata"]["name"] == "postgres-first-start")["data"]["restore.sh"]
    assert 'copy="/var/lib/postgresql/data/copies/for-${PGDATA##*/}.sql.gz"' in script


def test_the_way_back_finds_the_files_of_before_or_is_refused(prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    api, said = prepare("18", "17")
    assert api.log == ["create job", "delete job"]
    assert api.job["spec"]["template"]["spec"]["containers"][0]["image"] == "postgres:17"
    assert "pgdata-18" in said

    def fail(*_: Any, **__: Any) -> None:
        raise NotReady("a job", seen="failed")

    monkeypatch.setattr(upgrade, "wait_until_ready", fail)
    with pytest.raises(NotReady, match="data of PostgreSQL 17 to go back to"):
        prepare("18", "17")
