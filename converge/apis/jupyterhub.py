"""JupyterHub as nouns: a person's server and what is in it, as that person's program asks.

Source: JupyterHub 6.1, REST API; Jupyter Server 2, contents and kernels; Jupyter messaging 5.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from converge.errors import NotReady, Refused
from converge.http import checked, excerpt, sibling

if TYPE_CHECKING:
    import requests
    from websocket import WebSocket

PAUSE_S = 0.5
NEXT = "pytest features/ -m jupyterhub --with jupyterhub"


def token(browser: requests.Session, url: str, name: str) -> str:
    """A token with the rights of the person whose cookies ``browser`` has, as the hub's page makes one."""
    checked(browser.get(f"{url}/hub/token"), "the page of tokens of JupyterHub")
    marks = [cookie.value for cookie in browser.cookies if cookie.name == "_xsrf" and cookie.path == "/hub/"]
    answer = browser.post(f"{url}/hub/api/users/{name}/tokens", json={"note": "throw-away", "expires_in": 3600}, headers=_mark(marks, url))
    return str(checked(answer, "a token of JupyterHub's").json()["token"])


def _mark(marks: list[str | None], url: str) -> dict[str, str]:
    return {"X-XSRFToken": marks[-1] or "", "Referer": f"{url}/hub/token"} if marks else {}


class Hub:
    """``Hub(http, "https://jupyter.thinkube.test", "margaret", token)``: a person's own server."""

    def __init__(self, http: requests.Session, url: str, name: str, token: str) -> None:
        self.name = name
        self.url = url
        self.token = token
        self._http = sibling(http)
        self._http.headers["Authorization"] = f"token {token}"

    def start(self, deadline_s: float) -> None:
        """Start the person's server and wait until it serves; one that runs is fine.

        Raises:
            NotReady: it does not at the deadline.
        """
        answer = self._http.post(f"{self.url}/hub/api/users/{self.name}/server", allow_redirects=False)
        if answer.status_code != 400:  # it runs already
            checked(answer, f"the server of {self.name} started")
        self._wait(True, deadline_s)

    def stop(self, deadline_s: float) -> None:
        """End the person's server and wait until it has ended; one that does not run is fine."""
        answer = self._http.delete(f"{self.url}/hub/api/users/{self.name}/server", allow_redirects=False)
        if answer.status_code != 404:
            checked(answer, f"the server of {self.name} ended")
        self._wait(False, deadline_s)

    def person(self) -> Mapping[str, Any]:
        """What the hub knows of the person: ``{"admin": False, "groups": […], "servers": {…}}``."""
        found: Mapping[str, Any] = self._read(f"/hub/api/users/{self.name}").json()
        return found

    def write(self, file: str, text: str) -> None:
        """Write a file of the person's."""
        body = {"type": "file", "format": "text", "content": text}
        path = f"/user/{self.name}/api/contents/{file}"
        checked(self._http.put(f"{self.url}{path}", json=body, allow_redirects=False), f"file {file} of {self.name}")

    def read(self, file: str, of: str = "") -> str:
        """What is in a file of the person's, or of somebody else's.

        Raises:
            Refused: that person's server lets this one not in.
        """
        return str(self._read(f"/user/{of or self.name}/api/contents/{file}").json()["content"])

    def run(self, code: str, connect: Any, deadline_s: float) -> str:
        """Run a cell in a new kernel, and give what it prints.

        ``connect(path, headers)`` opens a websocket.

        Raises:
            Refused: the cell fails; ``seen`` is its error.
            NotReady: it does not end by the deadline.
        """
        path = f"/user/{self.name}/api/kernels"
        kernel = checked(self._http.post(f"{self.url}{path}", json={}, allow_redirects=False), "a kernel").json()["id"]
        channel: WebSocket = connect(f"{path}/{kernel}/channels", {"Authorization": f"token {self.token}"})
        try:
            return _executed(channel, code, deadline_s)
        finally:
            channel.close()
            self._http.delete(f"{self.url}{path}/{kernel}", allow_redirects=False)

    def _read(self, path: str) -> requests.Response:
        return checked(self._http.get(f"{self.url}{path}", allow_redirects=False), f"GET {path} of JupyterHub")

    def _wait(self, is_there: bool, deadline_s: float) -> None:
        end, wanted = time.monotonic() + deadline_s, "ready" if is_there else "ended"
        while True:
            server = self.person().get("servers", {}).get("")
            if (server is None or server.get("stopped", False)) if not is_there else bool(server and server["ready"]):
                return
            if time.monotonic() > end:
                raise NotReady(f"the server of {self.name} {wanted}", seen=excerpt(str(server)), next_command=NEXT)
            time.sleep(PAUSE_S)


def _executed(channel: WebSocket, code: str, deadline_s: float) -> str:
    """What a cell prints, by Jupyter's own messages."""
    identity = uuid.uuid4().hex
    header = {"msg_id": identity, "msg_type": "execute_request", "username": "", "session": identity, "version": "5.3", "date": ""}
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
    channel.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []}))
    printed, end = "", time.monotonic() + deadline_s
    is_done, is_idle = False, False
    while not (is_done and is_idle):
        if time.monotonic() > end:
            raise NotReady("a cell to end", seen=excerpt(printed) or "nothing printed", next_command=NEXT)
        message = json.loads(channel.recv())
        if message.get("parent_header", {}).get("msg_id") != identity:
            continue
        kind, said = message["header"]["msg_type"], message["content"]
        if kind == "error":
            raise Refused("a cell run", seen=f"{said['ename']}: {said['evalue']}", next_command=NEXT)
        printed += said["text"] if kind == "stream" else ""
        is_done |= kind == "execute_reply"
        is_idle |= kind == "status" and said["execution_state"] == "idle"
    return printed
