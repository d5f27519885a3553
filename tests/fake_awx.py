"""AWX as far as its settings ask it, which refuses what its serializers do not know.

Its API is described nowhere but by itself when it runs, so the few fields that are used stand here, read off its source.
Source: AWX 24.6.1, awx/api/serializers.py and awx/main/models.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from described import NotDescribed

from converge.apis.awx import MARK, NAMED

URL = "https://awx.thinkube.test"

Reference = type("Reference", (), {})
"""The id of an item of the kind that `KINDS` says."""

FIELDS: Mapping[str, Mapping[str, Any]] = {
    "organizations": {"name": str, "description": str},
    "projects": {"name": str, "description": str, "scm_type": str, "scm_url": str, "local_path": str, "organization": Reference},
    "inventories": {"name": str, "description": str, "kind": str, "variables": str, "organization": Reference},
    "hosts": {"name": str, "description": str, "enabled": bool, "variables": str, "inventory": Reference},
    "job_templates": {
        "name": str,
        "description": str,
        "job_type": str,
        "playbook": str,
        "extra_vars": str,
        "ask_variables_on_launch": bool,
        "allow_simultaneous": bool,
        "inventory": Reference,
        "project": Reference,
    },
    "users": {"username": str, "email": str, "password": str, "is_superuser": bool},
}
"""What may be written, by kind; other fields there are, which nobody here uses."""

REQUIRED = {
    "organizations": {"name"},
    "projects": {"name"},
    "inventories": {"name", "organization"},
    "hosts": {"name", "inventory"},
    "job_templates": {"name", "playbook", "project", "inventory"},
    "users": {"username", "password"},
}
KINDS = {"organization": "organizations", "inventory": "inventories", "project": "projects"}
CHOICES = {"scm_type": ("", "git", "svn", "insights", "archive"), "kind": ("", "smart", "constructed"), "job_type": ("run", "check")}
JSON_TEXTS = ("variables", "extra_vars")


class FakeAwx:
    """One that has just been started, with its own administrator; it is its own session."""

    def __init__(self) -> None:
        self.password = "right"
        self.items: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in FIELDS}
        self._numbers = itertools.count(1)
        self.is_routed = True
        self._create("users", {"username": "admin", "email": "", "password": self.password, "is_superuser": True})

    def request(self, method: str, url: str, *, json: Any = None, auth: Any = None, **_: Any) -> requests.Response:
        if not self.is_routed:
            return _response(404, "404 page not found", is_own=False)
        parts = urlsplit(url)
        path = parts.path.removeprefix("/api/v2/")
        if not path.endswith("/"):
            raise NotDescribed(f"{path}: every path ends in /, and what is sent to another is lost")
        if auth != ("admin", self.password):
            return _response(401, {"detail": "Invalid username/password."})
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        return self._answer(method, path.strip("/").split("/"), query, json)

    def _answer(self, method: str, path: list[str], query: Mapping[str, str], body: Any) -> requests.Response:
        if path == ["me"]:
            return _response(200, self._page([one for one in self.items["users"].values() if one["username"] == "admin"]))
        if path[0] not in FIELDS:
            raise NotDescribed(f"/{path[0]}/: no such path")
        kind, identity = path[0], int(path[1]) if len(path) > 1 else 0
        match method, identity:
            case "GET", 0:
                return _response(200, self._page(self._found(kind, query)))
            case "POST", 0:
                if missing := REQUIRED[kind] - set(body):
                    return _response(400, {name: ["This field is required."] for name in sorted(missing)})
                name = NAMED.get(kind, "name")
                if any(one[name] == body[name] for one in self.items[kind].values()):
                    return _response(400, {"__all__": [f"{kind} with this {name} already exists."]})
                return _response(201, self._create(kind, body))
            case "PATCH", _:
                self._check(kind, body)
                self.items[kind][identity] |= body
                return _response(200, self._shown(kind, identity))
            case "DELETE", _:
                del self.items[kind][identity]
                return _response(204, None)
        raise NotDescribed(f"{method} /{'/'.join(path)}/: no such method")

    def _create(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._check(kind, body)
        number = next(self._numbers)
        self.items[kind][number] = {"id": number, "description": "", **body}
        return self._shown(kind, number)

    def _check(self, kind: str, body: Mapping[str, Any]) -> None:
        for name, value in body.items():
            wanted = FIELDS[kind].get(name)
            if wanted is None:
                raise NotDescribed(f"{kind}: unknown field {name}")
            if wanted is Reference:
                if not isinstance(value, int) or value not in self.items[KINDS[name]]:
                    raise NotDescribed(f"{kind}.{name}: no such item: {value!r}")
            elif not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
                raise NotDescribed(f"{kind}.{name}: wanted {wanted.__name__}, seen {value!r}")
            if name in CHOICES and value not in CHOICES[name]:
                raise NotDescribed(f"{kind}.{name}: no valid choice: {value!r}")
            if name in JSON_TEXTS and not isinstance(json.loads(value), dict):
                raise NotDescribed(f"{kind}.{name}: not a mapping")

    def _found(self, kind: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        filters = {name: value for name, value in query.items() if name != "page_size"}
        if unknown := set(filters) - set(FIELDS[kind]):
            raise NotDescribed(f"{kind}: no filter {', '.join(sorted(unknown))}")
        shown = [self._shown(kind, number) for number in self.items[kind]]
        return [one for one in shown if all(str(one[name]).lower() == value.lower() for name, value in filters.items())]

    def _shown(self, kind: str, number: int) -> dict[str, Any]:
        """As it is told: no password, and what it belongs to by name too."""
        item = dict(self.items[kind][number])
        if kind == "users":
            item["password"] = "$encrypted$"
        owners = {name: self.items[KINDS[name]].get(item[name]) for name in KINDS if name in item}
        item["summary_fields"] = {name: {"id": one["id"], "name": one["name"]} for name, one in owners.items() if one}
        return item

    @staticmethod
    def _page(found: list[dict[str, Any]]) -> dict[str, Any]:
        return {"count": len(found), "next": None, "previous": None, "results": found}


def _response(status: int, body: Any, *, is_own: bool = True) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    if is_own:
        answer.headers[MARK] = "24.6.1"
    answer._content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return answer
