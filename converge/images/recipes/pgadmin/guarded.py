"""pgAdmin for whom the login proxy lets in: it proves with a password of its own that a request comes from it, and says who asks.

pgAdmin believes the variable REMOTE_USER of its server (`AUTHENTICATION_SOURCES = ["webserver"]`), which no header can set. Here it is
set where the password is right; other requests are refused before pgAdmin sees them. Whoever signs in finds the servers of the file
``SERVERS_FILE``, which pgAdmin's own command line reads too. Started by ``gunicorn guarded:app``.
Source: pgAdmin 9.18, pgadmin/authenticate/webserver.py, pgadmin/utils/__init__.py; oauth2-proxy 7.15, ``--basic-auth-password``; PEP 3333.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
from collections.abc import Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any

Environ = MutableMapping[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

OPEN = "/misc/ping"
"""What tells nothing but that there is a server: kubelets ask it."""


class Guarded:
    """An application that answers only requests with the password of this file."""

    def __init__(self, application: Application, password: Path) -> None:
        self._application = application
        self._password = password

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Hand a request on with who asks, or refuse it."""
        environ.pop("REMOTE_USER", None)
        given = environ.pop("HTTP_AUTHORIZATION", "")
        if secrets.compare_digest(_password(given), self._password.read_bytes().strip()):
            environ["REMOTE_USER"] = environ.get("HTTP_X_FORWARDED_PREFERRED_USERNAME", "")
        elif environ.get("PATH_INFO") != OPEN:
            start_response("401 Unauthorized", [("Content-Type", "text/plain")])
            return [b"only the login proxy may ask\n"]
        return self._application(environ, start_response)


def _password(header: str) -> bytes:
    """The password of ``Basic dXNlcjpwYXNzd29yZA==``; nothing that opens anything where it is none."""
    kind, _, value = header.partition(" ")
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2] if kind == "Basic" else b""
    except (binascii.Error, ValueError):
        return b""


def made() -> Guarded:
    """pgAdmin itself, guarded; its first start makes a user of its own, as whom nobody can sign in."""
    os.environ.setdefault("PGADMIN_SETUP_PASSWORD", secrets.token_urlsafe(32))
    from pgAdmin4 import app as application  # first: what it is made of imports each other in this order only

    from flask_login import user_logged_in  # isort: skip
    from pgadmin.model import Server  # isort: skip

    @user_logged_in.connect_via(application)
    def register_servers(_: Any, user: Any, **__: Any) -> None:
        from pgadmin.utils import load_database_servers

        file = os.environ["SERVERS_FILE"]
        names = [one["Name"] for one in json.loads(Path(file).read_text(encoding="utf-8"))["Servers"].values()]
        if Server.query.filter(Server.user_id == user.id, Server.name.in_(names)).count() < len(names):
            load_database_servers(file, None, user.username, from_setup=True, auth_source=user.auth_source)

    return Guarded(application, Path(os.environ["PROXY_PASSWORD_FILE"]))


def __getattr__(name: str) -> Any:
    """``app``, when gunicorn asks for it: what it is made of is imported only then."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made()
    return globals()["app"]
