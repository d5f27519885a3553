"""Another major version of PostgreSQL: it cannot read the files of the one before, so everything is written down by that one first.

The server is stopped, a job of the running version's image writes all databases and roles to the volume, and the first start of the next
version reads them (``first-start.yaml``). The files from before stay where they are: naming the earlier version again finds them.
Source: PostgreSQL 17 documentation, "Upgrading Data via pg_dumpall".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.postgres import COPIES
from converge.components import blocks
from converge.components.part import Part
from converge.components.postgres.server import POD
from converge.components.terms import Access, Backup, Context, KubernetesObject
from converge.errors import NotReady
from converge.kubernetes import workloads
from converge.kubernetes.wait import wait_until_ready

VOLUME = "/var/lib/postgresql/data"
COPIES_S = 3600
"""How long writing everything down may take."""

NAMESPACE, _ = POD
NAME = "postgres"
JOB = "postgres-upgrade"

_WRITE_DOWN = r"""
set -euo pipefail
mkdir -p "${COPY%/*}"
pg_ctl --pgdata="$FROM" --wait --silent --options="-c listen_addresses='' -c unix_socket_directories=/tmp" start
# The superuser is there before the first line is read.
pg_dumpall --host=/tmp --username=postgres | sed '0,/^CREATE ROLE postgres;$/{//d}' | gzip > "$COPY.making"
pg_ctl --pgdata="$FROM" --wait --silent --mode=fast stop
# What an earlier attempt left there is set aside: the next start would take it for its own.
if [ -e "$TO" ]; then mv "$TO" "$TO.$(date -u +%Y-%m-%dT%H-%M-%SZ)"; fi
sync
mv "$COPY.making" "$COPY"
"""
_LOOK_BACK = 'test -s "$TO/PG_VERSION" || { echo "there is no data of that version: $TO"; exit 1; }'


def folder(version: str) -> str:
    """Where a version keeps its files: ``…/pgdata-18``, or ``…/pgdata`` for 17, with which platforms began."""
    number = _major(version)
    return f"{VOLUME}/pgdata" + (f"-{number}" if number != _FIRST else "")


class MajorUpgrade(Part):
    """Writes everything down before a major version is followed by another."""

    def backups(self, context: Context, access: Access) -> Sequence[Backup]:
        """See ``Part.backups``: nothing where the version that comes reads the files that are there."""
        live = access.api().get("StatefulSet", NAME, NAMESPACE)
        seen, wanted = _data_folder(live), folder(context.version("postgres"))
        if seen == wanted:
            return ()
        return (Backup("every database", lambda: _prepare(context, access, live, seen, wanted)),)


def _prepare(context: Context, access: Access, live: KubernetesObject, seen: str, wanted: str) -> str:
    if _number(wanted) < _number(seen):
        _run(access, context.image("postgres"), _LOOK_BACK, {"TO": wanted}, f"data of PostgreSQL {_number(wanted)} to go back to")
        return f"what was written since lies in {seen} of its volume"
    access.api().patch("StatefulSet", NAME, NAMESPACE, patch={"spec": {"replicas": 0}})
    for pod in workloads.pods(access.api(), [live]):
        workloads.wait_until_lost(access.api(), pod, COPIES_S)
    copy = f"{COPIES}/for-{wanted.rpartition('/')[2]}.sql.gz"
    image = workloads.pod_spec(live)["containers"][0]["image"]
    _run(access, image, _WRITE_DOWN, {"FROM": seen, "TO": wanted, "COPY": copy}, f"everything in PostgreSQL {_number(seen)} written down")
    return f"PostgreSQL {_number(seen)} in converge/images/catalog.yaml finds its files as they were"


def _run(access: Access, image: str, script: str, environment: Mapping[str, str], wanted: str) -> None:
    api = access.api()
    if api.find("Job", JOB, NAMESPACE) is not None:  # of a run that was killed
        api.delete("Job", JOB, NAMESPACE)
    job = api.create(_job(image, script, environment))
    try:
        wait_until_ready(api, [job], COPIES_S, progress=access.progress, subject=NAME)
    except NotReady as error:
        error.wanted = wanted
        raise
    finally:
        api.delete("Job", JOB, NAMESPACE)


def _job(image: str, script: str, environment: Mapping[str, str]) -> KubernetesObject:
    container: dict[str, Any] = {
        "name": "upgrade",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["bash", "-c", script],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": blocks.resources("50m/1000m", "256Mi/1Gi"),
        "securityContext": blocks.locked_down(),
        "volumeMounts": [{"name": "data", "mountPath": VOLUME}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 (its own)
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": blocks.pod_security(999, fs_group=999),
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": f"data-{POD[1]}"}}, {"name": "tmp", "emptyDir": {}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": JOB, "namespace": NAMESPACE},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }


def _data_folder(server: KubernetesObject) -> str:
    environment = workloads.pod_spec(server)["containers"][0]["env"]
    return str(next(one["value"] for one in environment if one["name"] == "PGDATA"))


_FIRST = 17


def _major(version: str) -> int:
    """Of ``18.1`` or ``18 (Debian 2026-11-23)``; the first where nothing tells it."""
    found = re.match(r"\d+", version)
    return int(found[0]) if found else _FIRST


def _number(path: str) -> int:
    return int(path.rpartition("-")[2]) if "-" in path.rpartition("/")[2] else _FIRST
