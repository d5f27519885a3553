"""A server that follows a product's published description (Swagger 2) strictly: what that does not say is refused, in both directions."""

from __future__ import annotations

import json as texts
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests

JSON = {"string": str, "integer": int, "boolean": bool, "number": (int, float), "array": list, "object": dict}


class NotDescribed(AssertionError):
    """A request or an answer that the description does not know."""


@dataclass(frozen=True)
class Request:
    """What was asked: ``Request("PUT", "/retentions/{id}", {"id": "1"}, {}, {…})``."""

    method: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    auth: tuple[str, str] | None


class Described:
    """Instead of a session: each request is held against the description, then handed to ``answer``, whose words are held against it too.

    Unknown paths, methods, parameters and fields, wrong types, missing required ones: all are `NotDescribed`.
    """

    def __init__(self, description: Mapping[str, Any], answer: Callable[[Request], tuple[int, Any]]) -> None:
        self._description = description
        self._answer = answer
        self.asked: list[Request] = []

    def request(self, method: str, url: str, *, json: Any = None, auth: Any = None, headers: Any = None, **_: Any) -> requests.Response:
        parts = urlsplit(url)
        path = parts.path.removeprefix(self._description["basePath"])
        template, names = self._template(path)
        operation = self._description["paths"][template].get(method.lower())
        if operation is None:
            raise NotDescribed(f"{method} {template}: no such method")
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        given = {"path": names, "query": query, "header": dict(headers or {})}
        self._check_parameters(f"{method} {template}", operation, given, json)
        asked = Request(method, template, names, query, deepcopy(json), auth)
        self.asked.append(asked)
        status, body = self._answer(asked)
        self._check_answer(f"{method} {template}", operation, status, body)
        return _response(status, body)

    def _template(self, path: str) -> tuple[str, dict[str, str]]:
        for template in self._description["paths"]:
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
            if found := re.fullmatch(pattern, path):
                return template, {name: unquote(value) for name, value in found.groupdict().items()}
        raise NotDescribed(f"{path}: no such path")

    def _check_parameters(self, what: str, operation: Mapping[str, Any], given: Mapping[str, Mapping[str, str]], body: Any) -> None:
        known = [self._resolved(one) for one in operation.get("parameters", ())]
        for place in ("query", "header"):
            if unknown := {*given[place]} - {one["name"] for one in known if one["in"] == place}:
                raise NotDescribed(f"{what}: unknown {place} {', '.join(sorted(unknown))}")
        described = next((one for one in known if one["in"] == "body"), None)
        if described is None and body is not None:
            raise NotDescribed(f"{what}: takes no body")
        for one in known:
            value = body if one["in"] == "body" else given[one["in"]].get(one["name"])
            if value is None:
                if one.get("required"):
                    raise NotDescribed(f"{what}: {one['name']} is missing")
            elif one["in"] == "body":
                self._check(f"{what}: {one['name']}", one["schema"], value)
            elif one["type"] == "integer" and not str(value).isdigit():
                raise NotDescribed(f"{what}: {one['name']} is no number: {value}")

    def _check_answer(self, what: str, operation: Mapping[str, Any], status: int, body: Any) -> None:
        # Refusals that a description leaves out have the form of those that it has.
        described = operation["responses"].get(str(status)) or (operation["responses"]["500"] if status >= 400 else None)
        if described is None:
            raise NotDescribed(f"{what}: answers no {status}")
        schema = self._resolved(described).get("schema")
        if status < 300 and (schema is None) != (body is None):
            raise NotDescribed(f"{what}: {status} with {body!r}")
        if body is not None and schema is not None:
            self._check(f"{what} answers", schema, body)

    def _check(self, where: str, schema: Mapping[str, Any], value: Any) -> None:
        schema = self._resolved(schema)
        kind = schema.get("type", "object" if "properties" in schema else "")
        if value is None and schema.get("x-nullable"):
            return
        if kind == "object" and not schema.keys() & {"properties", "additionalProperties"}:
            return  # anything: go-swagger, which serves such descriptions, makes no difference
        if kind and (not isinstance(value, JSON[kind]) or (isinstance(value, bool) and kind != "boolean")):
            raise NotDescribed(f"{where}: wanted {kind}, seen {value!r}")
        if kind == "array":
            for number, item in enumerate(value):
                self._check(f"{where}[{number}]", schema["items"], item)
        elif kind == "object":
            known, others = schema.get("properties", {}), schema.get("additionalProperties")
            if missing := set(schema.get("required", ())) - set(value):
                raise NotDescribed(f"{where}: {', '.join(sorted(missing))} is missing")
            for name, item in value.items():
                if name not in known and others is None:
                    raise NotDescribed(f"{where}: unknown field {name}")
                self._check(f"{where}.{name}", known.get(name, others), item)
        elif kind == "string" and len(value) > schema.get("maxLength", len(value)):
            raise NotDescribed(f"{where}: longer than {schema['maxLength']}")

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            found: Any = self._description
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node


def _response(status: int, body: Any) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer.headers["Content-Type"] = "application/json"
    answer._content = texts.dumps(body).encode() if body is not None else b""
    return answer


def errors(code: str, message: str) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """How Harbor words a refusal."""
    return {"errors": [{"code": code, "message": message}]}


def converge(settings: list[Any]) -> list[str]:
    """What was written, in order; afterwards nothing differs."""
    written = []
    for setting in settings:
        if setting.differences():
            setting.write()
            written.append(setting.subject)
        assert not setting.differences(), setting.subject
    return written
