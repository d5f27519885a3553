"""python-keycloak sends our way: over our session and its addresses, nothing twice that changes something, with our errors."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fake_keycloak import URL, FakeKeycloak

from converge.apis.keycloak import Absent, Keycloak, Realm, if_there
from converge.errors import Refused, Unreachable
from converge.http import session

USER = {"username": "ada"}


def realm(http: Any, url: str = URL) -> Realm:
    return Keycloak(http, url, "admin", lambda: "right").realm("thinkube")


class Door(BaseHTTPRequestHandler):
    """Lets everybody in, and closes the connection of whoever asks more."""

    server: Door.Server  # type: ignore[name-defined]

    class Server(ThreadingHTTPServer):
        asked: list[str]

    def do_POST(self) -> None:
        self.server.asked.append(f"POST {self.path} of {self.headers['Host']}")
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/token"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"access_token": "one", "expires_in": 60}')
        else:
            self.close_connection = True

    def do_GET(self) -> None:
        self.server.asked.append(f"GET {self.path}")
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def door() -> Iterator[Door.Server]:
    server = Door.Server(("127.0.0.1", 0), Door)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def behind(door: Door.Server) -> Realm:
    return realm(session({"thinkube.test": "127.0.0.1"}, ""), f"http://auth.thinkube.test:{door.server_port}")


def test_the_platforms_addresses_are_used_and_a_broken_write_is_not_repeated(door: Door.Server) -> None:
    with pytest.raises(Unreachable, match="POST http://auth"):
        behind(door).admin.create_user(USER)
    host = f"auth.thinkube.test:{door.server_port}"
    sign_in, write = "/realms/master/protocol/openid-connect/token", "/admin/realms/thinkube/users"
    assert door.asked == [f"POST {sign_in} of {host}", f"POST {write} of {host}"]


def test_a_broken_read_is_repeated_once(door: Door.Server) -> None:
    with pytest.raises(Unreachable, match="GET http://auth"):
        behind(door).admin.get_client_scopes()
    assert door.asked[1:] == ["GET /admin/realms/thinkube/client-scopes"] * 2


def test_what_keycloak_says_reaches_the_person() -> None:
    here = realm(FakeKeycloak())
    here.admin.create_user(USER)
    with pytest.raises(Refused) as refusal:
        here.admin.create_user(USER)
    assert refusal.value.wanted == "POST /thinkube/users of Keycloak's admin API"
    assert refusal.value.seen == '409 Conflict: {"errorMessage": "ada exists already"}'


def test_what_is_absent_is_a_value_where_that_is_asked_for() -> None:
    here = realm(FakeKeycloak())
    with pytest.raises(Absent, match="DELETE /thinkube/users/7 of Keycloak's admin API"):
        here.admin.delete_user("7")
    assert if_there(here.admin.delete_user, "7") is None
    assert here.read() is None


def test_in_a_realm_that_is_absent_nothing_is_there() -> None:
    class Nothing(FakeKeycloak):
        def _get(self, *_: Any) -> Any:
            return super()._get([""], {}, None)

    here = realm(Nothing())
    found = (here.client("app"), here.client_scope("groups"), here.group("staff"), here.user("ada"), here.users_beginning("a"))
    assert found == (None, None, None, None, [])


def test_threads_share_one_sign_in_and_realms_one_connection_each() -> None:
    server = FakeKeycloak()
    keycloak = Keycloak(server, URL, "admin", lambda: "right")  # type: ignore[arg-type]
    realms = [keycloak.realm(name) for name in ("thinkube", "master")]
    threads = [threading.Thread(target=one.admin.get_users, args=({"username": one.name},)) for one in realms for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.signed_in) == 1
    assert sorted(one.realm for one in server.asked) == ["master"] * 4 + ["thinkube"] * 4


def test_the_library_is_imported_with_its_first_use() -> None:
    script = "import sys, converge.components.keycloak.component, converge.components.keycloak.people\nprint('keycloak' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
