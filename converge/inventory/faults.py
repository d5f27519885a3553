"""What a model has against a document, in the words of a person and with the nearest valid name."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Iterator, Sequence
from types import UnionType
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from converge.inventory.document import Document, Where
from converge.inventory.model import SecretSource

Found = tuple[Where, str]
"""Where something is wrong, and what."""

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "int_from_float": "a whole number",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "tuple_type": "a list of entries, each beginning with '-'",
    "path_type": "the path of a file",
}


def nearest(name: str, names: Iterable[str]) -> str:
    """``", did you mean 'workers'?"``, or nothing where no name is near."""
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f", did you mean '{near[0]}'?" if near else ""


def choices(names: Iterable[str]) -> str:
    """``embedded, hosts or existing``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def model_at(root: type[BaseModel], where: Where, data: Any) -> type[BaseModel] | None:
    """The model that describes a place; ``data`` is the whole document's, which says the kind of a section that has several."""
    current: Any = root
    for step in where:
        data = _entry(data, step)
        if isinstance(current, type) and issubclass(current, BaseModel):
            if step not in current.model_fields:
                return None
            annotation = current.model_fields[str(step)].annotation
        else:
            annotation = typing.get_args(current)[1 if typing.get_origin(current) is dict else 0]
        current = _member(annotation, data)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def kinds(model: type[BaseModel], field: str) -> dict[str, type[BaseModel]]:
    """The models that a section may follow, by the ``kind`` that chooses one; empty for a section with one shape."""
    info = model.model_fields[field]
    if info.discriminator != "kind":
        return {}
    return {typing.get_args(member.model_fields["kind"].annotation)[0]: member for member in typing.get_args(info.annotation)}


def choose_kinds(model: type[BaseModel], document: Document) -> Iterator[Found]:
    """Find each section whose ``kind`` is missing or unknown, and choose the likeliest so that the rest can be checked too."""
    for field in model.model_fields:
        members = kinds(model, field)
        section = document.get(field)
        if not members or not isinstance(section, dict) or section.get("kind") in list(members):
            continue
        valid = choices(members)
        given = section.get("kind")
        if "kind" not in section:
            yield (field, "kind"), f"missing key 'kind': {valid}"
        elif isinstance(given, str):
            yield (field, "kind"), f"unknown kind '{given[:40]}'{nearest(given, members) or ';'} valid: {valid}"
        else:
            yield (field, "kind"), f"kind: expected {valid}, seen {seen(given)}"
        section["kind"] = _likeliest(str(given), section, members)


def _likeliest(given: str, section: dict[str, Any], members: dict[str, type[BaseModel]]) -> str:
    close = difflib.get_close_matches(given, members, n=1)
    return close[0] if close else max(members, key=lambda kind: sum(bool(nearest(key, members[kind].model_fields)) for key in section))


def found(model: type[BaseModel], error: ErrorDetails, document: Document) -> Found:
    """One error of pydantic's, in our words and with our way to the place."""
    where = _without_kinds(model, error["loc"])
    return where, _words(model, error, where, document)


def without_echoes(faults: Sequence[Found]) -> list[Found]:
    """Leave out that a key is missing where the same section holds it misspelt: that is one fault, not two."""
    meant = {(*where[:-1], text.rsplit("'", 2)[1]) for where, text in faults if text.startswith("unknown key") and "did you mean" in text}
    return [(where, text) for where, text in faults if not (text.startswith("missing key") and where in meant)]


def seen(value: Any) -> str:
    """``text 'two'``: a value and what it is, cut to a glance."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"text '{value[:40]}{'…' if len(value) > 40 else ''}'"
        case list():
            return "a list"
        case _:
            return "a mapping of keys"


def _words(model: type[BaseModel], error: ErrorDetails, where: Where, document: Document) -> str:
    kind, ctx, value = error["type"], error.get("ctx", {}), error["input"]
    name = _name(where)
    if kind == "extra_forbidden":
        around = model_at(model, where[:-1], document.data)
        names = [*around.model_fields] if around else []
        near = nearest(str(where[-1]), names)
        shown = f" '{where[-1]}'" if near or around is not SecretSource else ""
        return f"unknown key{shown}" + (near or f"; valid: {', '.join(names)}")
    if kind == "missing":
        return f"missing key '{where[-1]}'" + _described(model, where, document)
    if kind == "json_invalid":
        return "nested too deeply"
    if kind == "value_error":
        return f"{name}: {ctx['error']}"
    if model_at(model, where, document.data) is SecretSource:
        return f"{name}: expected from_env or from_file below it; the secret itself does not belong into an inventory"
    if model_at(model, where[:-1], document.data) is SecretSource:
        return f"{name}: expected {_SHAPES[str(where[-1])]}"
    if kind in _KINDS:
        hint = ""
        if kind == "string_type" and not isinstance(value, (list, dict, type(None))):
            hint = "; put it in quotes"
        elif value is None:
            hint = "; remove the key to have the default"
        return f"{name}: expected {_KINDS[kind]}, seen {seen(value)}{hint}"
    if kind == "literal_error":
        valid = typing.get_args(_annotation(model, where, document))
        return f"{name}: expected {choices(valid)}, seen {seen(value)}" + (nearest(value, valid) if isinstance(value, str) else "")
    if kind == "string_pattern_mismatch":
        return f"{name}: expected {_SHAPES.get(str(where[-1]), 'another form')}, seen {seen(value)}".replace(", seen text '", ", seen '")
    if kind == "too_short":
        return f"{name}: expected at least one entry"
    if kind in _LIMITS:
        return f"{name}: {_LIMITS[kind].format(**ctx)}, seen {value if isinstance(value, int) else seen(value)}"
    return f"{name}: {error['msg']}"


_LIMITS = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must be at most {max_length} characters",
    "string_too_short": "must be at least {min_length} character(s)",
}

_SHAPES = {
    "from_env": "the name of an environment variable, such as CLOUDFLARE_TOKEN; the secret itself does not belong here",
    "from_file": "the path of a file",
    "name": "lower-case letters, digits and dashes, beginning with a letter, at most 32, such as 'local'",
    "domain_name": "a lower-case DNS name with a dot, such as 'thinkube.test'",
    "admin_username": "lower-case letters, digits, '.', '_' and '-', beginning with a letter, such as 'tkadmin'",
    "subnet": "a network such as 10.88.88.0/24",
    "pod_subnet": "a network such as 10.244.0.0/16",
    "service_subnet": "a network such as 10.96.0.0/16",
    "address": "an IPv4 address such as 192.168.1.10",
    "ingress_address": "an IPv4 address such as 192.168.1.10",
    "host_key": "a public host key such as 'ssh-ed25519 AAAA…'",
    "channel": "a snap channel such as 1.35/stable",
    "email": "an e-mail address",
    "server": "a URL that begins with https://",
    "storage": "a size such as 10Gi or 512Mi",
}


def _name(where: Where) -> str:
    """``workers``, or ``hosts[1]`` for the second entry of a list."""
    if not where:
        return "inventory"
    if isinstance(where[-1], int):
        return f"{where[-2]}[{where[-1]}]"
    return where[-1]


def _described(model: type[BaseModel], where: Where, document: Document) -> str:
    around = model_at(model, where[:-1], document.data)
    description = around.model_fields[str(where[-1])].description if around else None
    return f" ({description})" if description else ""


def _annotation(model: type[BaseModel], where: Where, document: Document) -> Any:
    around = model_at(model, where[:-1], document.data)
    return around.model_fields[str(where[-1])].annotation if around else None


def _without_kinds(model: type[BaseModel], loc: tuple[int | str, ...]) -> Where:
    """Drop the kind that pydantic puts between a section's name and its keys."""
    chosen = len(loc) > 1 and isinstance(loc[0], str) and loc[0] in model.model_fields and kinds(model, loc[0])
    return (loc[0], *loc[2:]) if chosen else loc


def _member(annotation: Any, data: Any) -> Any:
    """The part of an ``X | None`` or of a section with several kinds that applies to ``data``."""
    if typing.get_origin(annotation) not in (UnionType, typing.Union):
        return annotation
    members = [member for member in typing.get_args(annotation) if member is not type(None)]
    if len(members) > 1 and isinstance(data, dict):
        for member in members:
            if data.get("kind") in typing.get_args(member.model_fields["kind"].annotation):
                return member
    return members[0]


def _entry(data: Any, step: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(step)
    return data[step] if isinstance(data, list) and isinstance(step, int) and step < len(data) else None
