"""pgAdmin as its page asks it: what a person finds in the tree, and queries that run on a server.

Source: pgAdmin 9.18, pgadmin/browser/server_groups and pgadmin/tools/sqleditor.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from converge.errors import NotReady, Refused
from converge.http import checked, excerpt

if TYPE_CHECKING:
    import requests

TOKEN = re.compile(r"\['csrf_token'\] = '([^']+)'")
HEADER = "X-pgA-CSRFToken"
PAUSE_S = 0.2
NEXT = "pytest features/ -m pgadmin --with pgadmin"


class PgAdmin:
    """pgAdmin as the person whose cookies ``http`` has: ``PgAdmin(http, "https://pgadmin.thinkube.test")``."""

    def __init__(self, http: requests.Session, url: str) -> None:
        self._http = http
        self._url = url
        said = TOKEN.search(checked(http.get(f"{url}/browser/js/utils.js", allow_redirects=False), "pgAdmin's page").text)
        if said is None:
            raise Refused("pgAdmin's page to hold a token", seen="none", next_command=NEXT)
        self._headers = {HEADER: said[1], "Referer": f"{url}/browser/"}

    def groups(self) -> Mapping[str, int]:
        """The groups of servers that the person sees, each with its id."""
        return {one["label"]: int(one["_id"]) for one in self._read("/browser/server_group/nodes/")["data"]}

    def make_group(self, name: str) -> None:
        """Make a group of servers, as a person's own setting."""
        self._send("POST", "/browser/server_group/obj/", {"name": name})

    def remove_group(self, name: str) -> None:
        """Remove an empty group of servers."""
        self._send("DELETE", f"/browser/server_group/obj/{self.groups()[name]}")

    def servers(self, group: str) -> Mapping[str, int]:
        """The servers of a group, each with its id."""
        return {one["label"]: int(one["_id"]) for one in self._read(f"/browser/server/nodes/{self.groups()[group]}/")["result"]}

    def connect(self, group: str, server: str) -> str:
        """Let pgAdmin sign in to a server, and say as whom.

        Raises:
            Refused: it asks the person for a password, or the server would not.
        """
        answer = self._send("POST", f"/browser/server/connect/{self._place(group, server)}")
        return str(answer["data"]["user"]["name"])

    def databases(self, group: str, server: str) -> Mapping[str, int]:
        """The databases of a server that is connected, each with its id."""
        return {one["label"]: int(one["_id"]) for one in self._read(f"/browser/database/nodes/{self._place(group, server)}/")["data"]}

    def query(self, group: str, server: str, database: str, statement: str, deadline_s: float) -> Sequence[Sequence[Any]]:
        """The rows that a statement gives in a database of a server that is connected.

        Raises:
            Refused: PostgreSQL would not.
            NotReady: there is no answer at the deadline.
        """
        tool, place = 1 + secrets.randbelow(9_999_999), f"{self._place(group, server)}/{self.databases(group, server)[database]}"
        self._send("POST", f"/sqleditor/initialize/sqleditor/{tool}/{place}", {"dbname": database})
        try:
            self._send("POST", f"/sqleditor/query_tool/start/{tool}", {"sql": statement, "explain_plan": None})
            end = time.monotonic() + deadline_s
            while (data := self._read(f"/sqleditor/poll/{tool}")["data"])["status"] == "Busy":
                if time.monotonic() > end:
                    raise NotReady("an answer to a query of pgAdmin's", seen="none yet")
                time.sleep(PAUSE_S)
        finally:
            self._send("DELETE", f"/sqleditor/close/{tool}")
        if data["status"] != "Success":
            raise Refused("rows of a query of pgAdmin's", seen=excerpt(str(data["result"])), next_command=NEXT)
        rows: Sequence[Sequence[Any]] = data["result"]
        return rows

    def _place(self, group: str, server: str) -> str:
        return f"{self.groups()[group]}/{self.servers(group)[server]}"

    def _read(self, path: str) -> Any:
        return self._send("GET", path)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = self._http.request(method, f"{self._url}{path}", json=body, headers=self._headers, allow_redirects=False)
        said = checked(answer, f"{method} {path} of pgAdmin").json()
        if not said.get("success", 1):
            raise Refused(f"{method} {path} of pgAdmin", seen=excerpt(said.get("errormsg") or str(said)), next_command=NEXT)
        return said
