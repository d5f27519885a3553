"""Mutations of what keeps data: PostgreSQL and its backups, MinIO, Valkey."""

from __future__ import annotations

import time

from mutation import Mutation, container, edit, editing, object_storage, sql

from converge.apis.minio import ObjectStore
from converge.components.minio import storage
from converge.components.minio.storage import PLATFORM_BUCKET
from converge.components.postgres.server import POD, server
from converge.components.terms import KubernetesObject
from converge.components.valkey.server import server as valkey
from converge.engine.platform import Platform
from converge.kubernetes.execute import execute

POSTGRES = "core/postgres.feature"
DEPENDENCIES = "platform/dependencies.feature"
CREDENTIALS = "mutation-credentials"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}]}
READONLY = ["s3:GetBucketLocation", "s3:GetObject"]
HBA = "/etc/postgresql/pg_hba.conf"


# --- PostgreSQL


def _plain_connections(platform: Platform) -> None:
    """The server reads the file again once the kubelet has brought it, which it does when the pod changes."""

    def allow(configuration: KubernetesObject) -> None:
        rules = configuration["data"]["pg_hba.conf"]
        configuration["data"]["pg_hba.conf"] = rules.replace("hostnossl all all      all reject", "host all all all scram-sha-256")

    edit(platform, "ConfigMap", "postgres", "postgres", allow)
    platform.api.patch("Pod", POD[1], POD[0], patch={"metadata": {"annotations": {"mutation": "read it again"}}})
    until = time.monotonic() + 120
    while "hostnossl" in execute(platform.api, *POD, ["cat", HBA]) and time.monotonic() < until:
        time.sleep(0.5)
    server(platform.access).run("SELECT pg_reload_conf();")


def _password_in_configuration(platform: Platform) -> None:
    value = platform.access.secret("postgres", "postgres-superuser", "password")
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": CREDENTIALS, "namespace": "postgres"}}
    platform.api.create({**made, "data": {"connection": f"postgres://postgres:{value}@postgres/postgres"}})


def _password_nowhere(platform: Platform) -> None:
    platform.api.delete("ConfigMap", CREDENTIALS, "postgres")


def _key_in_environment(platform: Platform) -> None:
    value = platform.access.secret("postgres", "postgres-backup-bucket", "secret-key")

    def put(job: KubernetesObject) -> None:
        container(job)["env"].append({"name": "KEY", "value": value})

    edit(platform, "CronJob", "postgres-backup", "postgres", put)


def _key_nowhere(platform: Platform) -> None:
    def take_away(job: KubernetesObject) -> None:
        container(job)["env"] = [entry for entry in container(job)["env"] if entry["name"] != "KEY"]

    edit(platform, "CronJob", "postgres-backup", "postgres", take_away)


def _suspended(job: KubernetesObject) -> None:
    job["spec"]["suspend"] = True


_MD5 = "SET password_encryption = 'md5'; CREATE ROLE mutation LOGIN PASSWORD 'only for a moment';"

DATABASES = (
    Mutation(
        "the server takes connections without encryption",
        "postgres",
        _plain_connections,
        (f"{POSTGRES}::A connection without encryption is refused",),
        "DID NOT RAISE",
    ),
    Mutation(
        "every role may enter Keycloak's database",
        "keycloak",
        sql("GRANT CONNECT ON DATABASE keycloak TO PUBLIC;"),
        (f"{POSTGRES}::No role enters another's database",),
        "entered database keycloak",
    ),
    Mutation(
        "Keycloak's role is a superuser",
        "keycloak",
        sql("ALTER ROLE keycloak SUPERUSER;"),
        (f"{POSTGRES}::A consumer cannot become more than it is",),
        "privileged: ['keycloak']",
    ),
    Mutation(
        "a role has a password that could be used elsewhere",
        "postgres",
        sql(_MD5),
        (f"{POSTGRES}::The server keeps no password that could be used elsewhere",),
        "mutation",
        undo=sql("DROP ROLE mutation;"),
    ),
    Mutation(
        "the superuser's password stands in a ConfigMap",
        "postgres",
        _password_in_configuration,
        (f"{POSTGRES}::PostgreSQL runs bounded, watched and unprivileged",),
        f"ConfigMap postgres/{CREDENTIALS}: value of Secret postgres-superuser, key password",
        undo=_password_nowhere,
    ),
    Mutation(
        "the backup's key stands in its environment",
        "postgres-backup",
        _key_in_environment,
        ("core/postgres-backup.feature::The backup runs bounded and unprivileged",),
        "CronJob postgres/postgres-backup: value of Secret postgres-backup-bucket, key secret-key",
        undo=_key_nowhere,
    ),
    Mutation(
        "backups are suspended",
        "postgres-backup",
        editing("CronJob", "postgres-backup", "postgres", _suspended),
        ("core/postgres-backup.feature::A backup is made every night",),
        "suspended",
    ),
)


# --- MinIO


def _backup_reads_all(platform: Platform) -> None:
    object_storage(platform).write_policy("postgres-backup", EVERYTHING)


def _readonly_writes(platform: Platform) -> None:
    object_storage(platform).write_policy("readonly", EVERYTHING)


def _readonly_reads(platform: Platform) -> None:
    statement = {"Effect": "Allow", "Action": READONLY, "Resource": ["arn:aws:s3:::*"]}
    object_storage(platform).write_policy("readonly", {"Version": "2012-10-17", "Statement": [statement]})


def _viewer_writes(platform: Platform) -> None:
    object_storage(platform).write_policy("viewer", EVERYTHING)


def _bucket_policy(platform: Platform, policy: str) -> None:
    client = ObjectStore(platform.access.http, storage.url(platform.inventory), storage.root_key(platform.access))._client
    if policy:
        client.set_bucket_policy(bucket_name=PLATFORM_BUCKET, policy=policy)
    else:
        client.delete_bucket_policy(bucket_name=PLATFORM_BUCKET)


def _open_to_strangers(platform: Platform) -> None:
    actions = '["s3:GetObject", "s3:ListBucket"]'
    resources = f'["arn:aws:s3:::{PLATFORM_BUCKET}", "arn:aws:s3:::{PLATFORM_BUCKET}/*"]'
    statement = f'{{"Effect": "Allow", "Principal": {{"AWS": ["*"]}}, "Action": {actions}, "Resource": {resources}}}'
    _bucket_policy(platform, f'{{"Version": "2012-10-17", "Statement": [{statement}]}}')


def _closed_to_strangers(platform: Platform) -> None:
    _bucket_policy(platform, "")


def _ephemeral(workload: KubernetesObject) -> None:
    for mount in container(workload)["volumeMounts"]:
        if mount["name"] == "data":
            mount["name"] = "scratch"
    workload["spec"]["template"]["spec"]["volumes"].append({"name": "scratch", "emptyDir": {}})


def _plain_route(ingress: KubernetesObject) -> None:
    ingress["spec"].pop("tls")
    ingress["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.entrypoints"] = "web"


OBJECTS = (
    Mutation(
        "the backup's key opens every bucket",
        "postgres-backup",
        _backup_reads_all,
        ("core/postgres-backup.feature::The backup's access key opens its own bucket only",),
        "DID NOT RAISE",
    ),
    Mutation(
        "the policy readonly allows writing",
        "minio",
        _readonly_writes,
        ("core/minio.feature::A person's policy decides what the platform login opens[readonly-may not]",),
        "DID NOT RAISE",
        undo=_readonly_reads,
    ),
    Mutation(
        "the policy viewer allows writing",
        "minio-console",
        _viewer_writes,
        ("core/minio-console.feature::A read-only person reads in the console and writes nothing",),
        "assert 200 == 403",
    ),
    Mutation(
        "everybody reads the platform's bucket",
        "minio",
        _open_to_strangers,
        ("core/minio.feature::Nobody reads without an access key",),
        f"bucket {PLATFORM_BUCKET} is open to strangers",
        undo=_closed_to_strangers,
    ),
    Mutation(
        "objects are kept in a volume that ends with its pod",
        "minio",
        editing("StatefulSet", "minio", "minio", _ephemeral),
        ("core/minio.feature::What MinIO keeps lies on a volume of its own",),
        "no container mounts the claim data",
    ),
    Mutation(
        "MinIO is reached without TLS only",
        "minio",
        editing("Ingress", "minio", "minio", _plain_route),
        ("core/minio.feature::An object is stored, listed, read and removed",),
        "404 page not found",
    ),
)


# --- Valkey


def _no_password(platform: Platform) -> None:
    valkey(platform.access).ask("ACL", "SETUSER", "default", "nopass")


def _password_again(platform: Platform) -> None:
    valkey(platform.access).ask("ACL", "LOAD")


KEYS = (
    Mutation(
        "Valkey wants no password",
        "valkey",
        _no_password,
        ("optional/valkey.feature::Valkey answers nobody without the right password",),
        "assert False",
        undo=_password_again,
    ),
)


# --- What components were given


def _backup_only_reads(platform: Platform) -> None:
    statement = {"Effect": "Allow", "Action": [*READONLY, "s3:ListBucket"], "Resource": ["arn:aws:s3:::*"]}
    object_storage(platform).write_policy("postgres-backup", {"Version": "2012-10-17", "Statement": [statement]})


def _every_key(platform: Platform) -> None:
    valkey(platform.access).ask("ACL", "SETUSER", "ingress-dashboard", "allkeys")


GIVEN = (
    Mutation(
        "Keycloak's role has another password than its Secret",
        "keycloak",
        sql("ALTER ROLE keycloak PASSWORD 'another';"),
        (f"{DEPENDENCIES}::Every <kind> that a component was given lets it in",),
        "keycloak: database of Secret keycloak/keycloak-database opens nothing",
    ),
    Mutation(
        "the backup may no longer write to its bucket",
        "postgres-backup",
        _backup_only_reads,
        (f"{DEPENDENCIES}::Every component keeps objects in the bucket that it was given",),
        "postgres-backup: bucket of Secret",
    ),
    Mutation(
        "a login proxy may use every key of Valkey",
        "ingress-dashboard",
        _every_key,
        (f"{DEPENDENCIES}::Every component keeps keys in Valkey that are no other's",),
        "ingress-dashboard: user of Valkey of Secret ingress-dashboard/ingress-dashboard-valkey may read keys of others",
    ),
)

TABLE = (*DATABASES, *OBJECTS, *KEYS, *GIVEN)
