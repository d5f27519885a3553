"""Throw-away images: made up for a scenario, pushed to a place of their own, removed after it."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import secrets
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converge.apis.login import Login
from converge.apis.registry import MANIFEST, Image, NoSuchImage, Registry, digest
from converge.components.keycloak.realm import PERSON_SECRET
from converge.components.minio.consumers import root_store
from converge.components.registry import server

if TYPE_CHECKING:
    from converge.components.keycloak.people import Person
    from converge.components.terms import Access, GeneratedSecret
    from converge.inventory import Inventory

REPOSITORY = "throw-away/images"
"""Where scenarios push to, each under tags of its own: the names of repositories outlive what was in them."""

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"


def as_stranger(inventory: Inventory, access: Access) -> Registry:
    """The registry as somebody without a login sees it."""
    return Registry(access.http, server.url(inventory), None)


def as_person(inventory: Inventory, access: Access, person: Person) -> Registry:
    """The registry as a person of the realm sees it."""
    return Registry(access.http, server.url(inventory), Login(person.name, person.credentials.password))


def as_robot(inventory: Inventory, access: Access, secret: GeneratedSecret) -> Registry:
    """The registry as a robot account sees it."""
    username, password = (access.secret(secret.namespace, secret.name, key) for key in ("username", "password"))
    return Registry(access.http, server.url(inventory), Login(username, password))


def as_administrator(inventory: Inventory, access: Access) -> Registry:
    """The registry as the platform's administrator sees it."""
    password = access.secret("keycloak", PERSON_SECRET, "password")
    return Registry(access.http, server.url(inventory), Login(inventory.admin_username, password))


@contextlib.contextmanager
def tag(
    inventory: Inventory, access: Access, *, by: Callable[[Inventory, Access], Registry] = as_administrator, repository: str = REPOSITORY
) -> Iterator[str]:
    """A tag of `REPOSITORY`, or another, that nobody else uses; what is under it at the end is removed ``by`` whoever may."""
    name = secrets.token_hex(6)
    try:
        yield name
    finally:
        administrator = by(inventory, access)
        with contextlib.suppress(NoSuchImage):
            administrator.remove(repository, digest(administrator.manifest(repository, name)))


def stored(inventory: Inventory, access: Access, digests: Iterable[str]) -> list[str]:
    """Those of some layers, configurations and manifests that lie in the registry's bucket."""
    names = [name for name in root_store(inventory, access).names("registry") if name.endswith("/data")]
    return [one for one in digests if any(one.removeprefix("sha256:") in name for name in names)]


def made_up(size_kib: int = 16) -> Image:
    """An image that nobody has seen before; its layer holds one file of so many random bytes."""
    return image([_layer({"content": secrets.token_bytes(size_kib * 1024)})], {})


def image(layers: Sequence[bytes], runs: Mapping[str, Any]) -> Image:
    """An image of compressed layers, run as the configuration ``runs`` says."""
    plain = [digest(gzip.decompress(layer)) for layer in layers]
    config = _json(
        {"architecture": "amd64", "os": "linux", "config": dict(runs), "rootfs": {"type": "layers", "diff_ids": plain}},
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest(config), "size": len(config)},
        "layers": [{"mediaType": LAYER, "digest": digest(layer), "size": len(layer)} for layer in layers],
    }
    return Image(_json(manifest), {digest(part): part for part in (config, *layers)})


def _layer(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def runnable(archive: Path) -> Image:
    """The image in an OCI archive of ours with one more layer, so that no node has it yet."""
    with tarfile.open(archive) as packed:

        def blob(name: str) -> bytes:
            return _content(packed, f"blobs/{name.replace(':', '/')}")

        named = json.loads(blob(json.loads(_content(packed, "index.json"))["manifests"][0]["digest"]))
        layers = [blob(layer["digest"]) for layer in named["layers"]]
        config = json.loads(blob(named["config"]["digest"]))
    added = _layer({"unique": secrets.token_bytes(16)})
    config["rootfs"]["diff_ids"].append(digest(gzip.decompress(added)))
    config.pop("history", None)
    written = _json(config)
    named["config"] |= {"digest": digest(written), "size": len(written)}
    named["layers"].append({"mediaType": LAYER, "digest": digest(added), "size": len(added)})
    named.setdefault("mediaType", MANIFEST)
    return Image(_json(named), {digest(part): part for part in (written, *layers, added)})


def _content(packed: tarfile.TarFile, name: str) -> bytes:
    found = packed.extractfile(name)
    if found is None:
        raise FileNotFoundError(name)
    return found.read()
