#!/opt/mkdocs/bin/python3
"""Makes a release of the documentation, and puts one where it is served from.

mkdocs-release build WORK    pages in WORK/source → a release in object storage; its name is written to WORK/release
mkdocs-release fetch FOLDER  the release ``RELEASE`` → FOLDER; a page that says that there is none, where it is ""

A release is named by the commit (WORK/commit: its hash and its time) and by what built it (``BUILT_WITH``): under one name there is
only ever one content. Pages that MkDocs refuses end with `NOT_BUILT`, what else goes wrong with another status.
Source: MkDocs 1.6 ("mkdocs build", ``SOURCE_DATE_EPOCH``), MinIO's client for Python.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import urllib3
from minio import Minio

NOT_BUILT = 3
FOLDER = "releases/"
KEPT = 10
"""Releases that stay in object storage: that which is served, and those before it."""
NOTHING_YET = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Documentation</title>
<h1>The documentation has not been built yet</h1>
<p>It comes with the first push to its repository, or when the operator converges the platform.</p></html>
"""


def build(work: Path) -> None:
    """Nothing is stored of pages with a fault."""
    commit, committed_at = (work / "commit").read_text(encoding="utf-8").split()
    name = f"{commit}-{os.environ['BUILT_WITH']}"
    (work / "release").write_text(name, encoding="utf-8")
    # Not quietly: MkDocs counts only those warnings that it prints.
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(work / "site")]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": committed_at, "NO_MKDOCS_2_WARNING": "1"}
    if subprocess.run(mkdocs, cwd=work / "source", env=environment, check=False).returncode:
        sys.exit(NOT_BUILT)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path in sorted((work / "site").iterdir()):
            archive.add(path, arcname=path.name)
    store, bucket = storage()
    store.put_object(bucket, key(name), io.BytesIO(packed.getvalue()), len(packed.getvalue()))
    releases = sorted(store.list_objects(bucket, prefix=FOLDER), key=lambda one: one.last_modified)
    for old in releases[:-KEPT]:
        store.remove_object(bucket, old.object_name)
    print(f"release {name}: {len(packed.getvalue())} bytes")


def fetch(folder: Path) -> None:
    """Into an empty folder."""
    name = os.environ["RELEASE"]
    if not name:
        (folder / "index.html").write_text(NOTHING_YET, encoding="utf-8")
        return
    store, bucket = storage()
    answer = store.get_object(bucket, key(name))
    try:
        # It refuses names that lead out of the folder.
        subprocess.run(["tar", "-xz", "-C", folder], input=answer.read(), check=True)
    finally:
        answer.close()


def key(name: str) -> str:
    """Where a release lies in the bucket."""
    return f"{FOLDER}{name}.tar.gz"


def storage() -> tuple[Minio, str]:
    """The store and the bucket that the environment names."""
    retries = urllib3.Retry(5, backoff_factor=0.5)
    http = urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=os.environ["STORAGE_CA_FILE"], retries=retries)
    host = os.environ["STORAGE_URL"].removeprefix("https://")
    store = Minio(host, os.environ["STORAGE_ACCESS_KEY"], os.environ["STORAGE_SECRET_KEY"], region="us-east-1", http_client=http)
    return store, os.environ["STORAGE_BUCKET"]


if __name__ == "__main__":
    {"build": build, "fetch": fetch}[sys.argv[1]](Path(sys.argv[2]))
