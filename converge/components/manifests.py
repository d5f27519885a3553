"""Kubernetes YAML: a component's own manifests (strict Jinja2) and those of a pinned upstream release."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from converge.components import blocks
from converge.components.terms import KubernetesObject

if TYPE_CHECKING:
    from jinja2 import Environment

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def render(folder: Path, **names: object) -> list[KubernetesObject]:
    """The objects of ``folder/manifests/*.yaml``, in order of file name.

    A manifest may use ``names`` and the building blocks ``namespace``, ``pod_security``, ``locked_down``, ``resources``,
    ``trusting``, ``http_probe``, ``tcp_probe`` and ``exec_probe`` of `blocks`; what is no text or number is written as YAML on one line.
    An undefined name is an error, never an empty string.

        securityContext: {{ locked_down() }}
        resources: {{ resources("100m/500m", "128Mi/512Mi") }}
    """
    objects: list[KubernetesObject] = []
    for path in sorted((folder / "manifests").glob("*.yaml")):
        text = _environment(folder / "manifests").get_template(path.name).render(names)
        objects += parse(text)
    return objects


def read(path: Path) -> list[KubernetesObject]:
    """The objects of one YAML file of an upstream release, as they are there: read from the same as JSON where that lies beside it."""
    if (same := path.with_suffix(".json")).exists():
        return _objects(json.loads(same.read_text(encoding="utf-8")))
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> list[KubernetesObject]:
    """The objects of a YAML text; empty documents are nothing, and a ``List`` stands for its items."""
    return _objects(yaml.load_all(text, Loader=_Loader))


def _objects(documents: Iterable[Any]) -> list[KubernetesObject]:
    objects: list[KubernetesObject] = []
    for document in documents:
        if document:
            objects += document["items"] if document["kind"].endswith("List") and "items" in document else [document]
    return objects


def only(objects: list[KubernetesObject], kind: str, name: str = "") -> KubernetesObject:
    """The one object of ``kind`` (and ``name``) among those of a release; a release that has none is not the pinned one."""
    found = [item for item in objects if item["kind"] == kind and name in ("", item["metadata"]["name"])]
    if len(found) != 1:
        raise LookupError(f"{len(found)} objects {kind} {name} in the release, expected one")
    return found[0]


@cache
def _environment(folder: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 60 ms that `thinkube --help` need not wait for

    environment = Environment(  # noqa: S701 (YAML for Kubernetes, not a web page)
        loader=FileSystemLoader(folder), undefined=StrictUndefined, finalize=as_text, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update({name: getattr(blocks, name) for name in blocks.__all__})
    return environment


def as_text(value: object) -> object:
    """How a value that is no text or number is written into a manifest: on one line, ``{cpu: 100m}``."""
    if not (isinstance(value, Mapping | list | tuple | bool) or value is None):
        return value
    plain = list(value) if isinstance(value, tuple) else value
    return yaml.dump(plain, Dumper=_Dumper, default_flow_style=True, width=2**31 - 1).removesuffix("\n").removesuffix("\n...")
