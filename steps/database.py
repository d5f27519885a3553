"""Databases: consumers store and read rows, are refused what is not theirs, and get them back from a backup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_bdd import given, parsers, then, when

from converge.components.minio.consumers import root_store
from converge.components.postgres import consumers
from converge.components.postgres.consumers import Consumer
from converge.components.postgres.server import server
from converge.components.postgres_backup import jobs
from converge.components.postgres_backup.component import BUCKET
from converge.engine.platform import Platform
from converge.errors import Refused
from converge.inventory import Inventory


@given("a throw-away consumer", target_fixture="consumer")
def throwaway_consumer(platform: Platform) -> Iterator[Consumer]:
    with consumers.consumer(platform.access) as consumer:
        yield consumer


@given(parsers.re(r"the consumer has stored (?P<count>\d+) rows"), converters={"count": int})
@when(parsers.re(r"the consumer stores (?P<count>\d+) rows"), converters={"count": int})
def store_rows(consumer: Consumer, count: int) -> None:
    consumer.store(count)


@then(parsers.re(r"the consumer reads (?P<count>\d+) rows"), converters={"count": int})
def rows_read(consumer: Consumer, count: int) -> None:
    assert consumer.count() == count


@then(parsers.re(r'its connection is encrypted with "(?P<version>[^"]+)"'))
def connection_encrypted(consumer: Consumer, version: str) -> None:
    assert consumer.run("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid();") == version


@when("the consumer connects without encryption", target_fixture="refusal")
def connect_plainly(consumer: Consumer) -> Refused:
    return _refused(consumer, sslmode="disable")


@when("the consumer connects to the server under another name", target_fixture="refusal")
def connect_under_other_name(consumer: Consumer) -> Refused:
    return _refused(consumer, host="postgres")


@when("somebody connects as the consumer with a wrong password", target_fixture="refusal")
def connect_with_wrong_password(consumer: Consumer) -> Refused:
    return _refused(consumer, password="wrong")  # noqa: S106 (that it is wrong is the point)


@when("the consumer connects to the database of another consumer", target_fixture="refusal")
def connect_to_other_database(platform: Platform, consumer: Consumer) -> Refused:
    with consumers.consumer(platform.access) as other:
        return _refused(consumer, database=other.name)


@then("the consumer enters no database of a component")
def other_databases_closed(platform: Platform, consumer: Consumer) -> None:
    kept = server(platform.access).rows("SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
    for name in {row["name"] for row in kept} - {consumer.name}:
        try:
            consumer.run("SELECT 1;", replace(consumer.login, database=name))
        except Refused:
            continue
        pytest.fail(f"{consumer.name} entered database {name}")


@then("no role of a consumer is privileged")
def roles_unprivileged(platform: Platform) -> None:
    query = (
        "SELECT rolname AS name FROM pg_roles WHERE (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"
        " AND rolname <> 'postgres'"
    )
    privileged = [row["name"] for row in server(platform.access).rows(query)]
    assert not privileged, f"privileged: {privileged}"


@when("the consumer tries to create a role", target_fixture="refusal")
def create_role(consumer: Consumer) -> Refused:
    return _refused(consumer, "CREATE ROLE stowaway;")


@then("every role that signs in has a SCRAM verifier")
def verifiers_kept(platform: Platform) -> None:
    roles = server(platform.access).rows("SELECT rolname AS name, rolpassword AS kept FROM pg_authid WHERE rolcanlogin")
    assert roles
    assert not [role["name"] for role in roles if not (role["kept"] or "").startswith("SCRAM-SHA-256$")]


@then(parsers.re(r'the database "(?P<name>[^"]+)" holds its realms and users'))
def keycloak_tables(platform: Platform, name: str) -> None:
    realms = server(platform.access).rows("SELECT name FROM realm", name)
    assert {"master", "thinkube"} <= {row["name"] for row in realms}
    assert server(platform.access).rows("SELECT count(*) AS users FROM user_entity", name)[0]["users"] >= 2


@when("the operator backs up every database")
def back_up(platform: Platform, inventory: Inventory) -> None:
    jobs.back_up(platform.api, deadline_s=inventory.deadlines.component_s)


@then("every database is backed up at night without being asked")
def backed_up_nightly(platform: Platform) -> None:
    spec = platform.api.get("CronJob", "postgres-backup", "postgres")["spec"]
    assert not spec.get("suspend"), "the backup's CronJob is suspended"
    minute, hour, *days = spec["schedule"].split()
    assert (minute.isdigit(), hour.isdigit(), days) == (True, True, ["*"] * 3), f"not once every night: {spec['schedule']}"


@then("object storage holds a dump of the consumer's database", target_fixture="backup")
def dump_stored(platform: Platform, inventory: Inventory, consumer: Consumer) -> str:
    names = root_store(inventory, platform.access).names(BUCKET)
    folders = [name.removesuffix(f"/{consumer.name}.dump") for name in names if name.endswith(f"/{consumer.name}.dump")]
    assert folders, f"no dump of {consumer.name} among {len(names)} objects"
    return max(folders)


@then(parsers.re(r"the dump brings (?P<count>\d+) rows back into an empty database"), converters={"count": int})
def dump_restored(platform: Platform, inventory: Inventory, consumer: Consumer, backup: str, count: int) -> None:
    postgres, target = server(platform.access), f"{consumer.name}-restored"
    try:
        jobs.restore(platform.api, backup, consumer.name, target, deadline_s=inventory.deadlines.component_s)
        assert postgres.rows(f"SELECT number FROM {consumers.TABLE}", target) == [{"number": number + 1} for number in range(count)]  # noqa: S608
    finally:
        postgres.remove(target, target)


def _refused(consumer: Consumer, statements: str = "SELECT 1;", **changes: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        consumer.run(statements, replace(consumer.login, **changes))
    return refusal.value
