"""Start devpi on a volume: ``start.py /data/devpi --host=0.0.0.0 …``, the folder and then devpi-server's own options.

A folder that is not there is made whole or not at all. Root gets the password of the file ``DEVPI_ROOT_PASSWORD_FILE``, whatever it had
before: no process list shows it. Pages are for ``DEVPI_PAGES_HOST``, which has the login in front of it. What mirrors ask is trusted by
the authorities of the image and by those of ``DEVPI_CA_FILE``.
Source: devpi-server 6.20, hookspecs.py, init.py and main.py.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devpi_server.config import get_pluginmanager, hookimpl
from devpi_server.init import init
from devpi_server.main import _main as serve

PUBLIC_CA = "/etc/ssl/certs/ca-certificates.crt"
INSTALLERS = "+simple"
"""Pages below it are HTML too, and made for pip."""


class RootPassword:
    """Gives root its password before anybody is served."""

    def __init__(self, password: str) -> None:
        self._password = password

    @hookimpl
    def devpiserver_cmdline_run(self, xom: Any) -> None:
        """Change nothing where the password is right already; devpi asks within a transaction that reads."""
        if not xom.model.get_user("root").validate(self._password):
            with xom.keyfs.write_transaction(allow_restart=True):
                xom.model.get_user("root").modify(password=self._password)


class PagesElsewhere:
    """Sends who opens a page of the host for programs to the same page of the host for people."""

    def __init__(self, host: str) -> None:
        self._host = host

    @hookimpl
    def devpiserver_pyramid_configure(self, config: Any, pyramid_config: Any) -> None:
        """Look at each answer: which of them are pages, devpi decides by what was asked for."""
        pyramid_config.registry["pages-host"] = self._host
        pyramid_config.add_tween(f"{__name__}.tween")


def tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Around every request, see ``PagesElsewhere``."""
    from pyramid.httpexceptions import HTTPFound

    host = registry["pages-host"]

    def answer(request: Any) -> Any:
        response = handler(request)
        is_shown = request.method in ("GET", "HEAD") and response.status_code == 200 and response.content_type == "text/html"
        is_elsewhere = request.host != host and INSTALLERS not in request.path.split("/")
        return HTTPFound(f"https://{host}{request.path_qs}") if is_shown and is_elsewhere else response

    return answer


def trust(ca_file: str) -> None:
    """One file with every authority, which the client of mirrors reads."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as bundle:
        for file in (PUBLIC_CA, ca_file):
            bundle.write(Path(file).read_text(encoding="utf-8") + "\n")
    os.environ["REQUESTS_CA_BUNDLE"] = bundle.name


def main(folder: Path, options: list[str]) -> int:
    """Make the folder where it is absent, and serve it."""
    if not folder.exists():
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        if init(argv=["devpi-init", "--serverdir", new, "--no-root-pypi"]):
            return 1
        new.rename(folder)
    trust(os.environ["DEVPI_CA_FILE"])
    plugins = get_pluginmanager()
    plugins.register(RootPassword(Path(os.environ["DEVPI_ROOT_PASSWORD_FILE"]).read_text(encoding="utf-8")))
    plugins.register(PagesElsewhere(os.environ["DEVPI_PAGES_HOST"]))
    return serve(plugins, ["devpi-server", "--serverdir", str(folder), *options]) or 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
