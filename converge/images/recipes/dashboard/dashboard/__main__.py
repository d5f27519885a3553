"""Serves the dashboard: ``python3 -m dashboard``, told by its environment."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import uvicorn

from .api import ACCOUNT, Api
from .observer import Observer
from .pages import Pages
from .people import Doorkeeper


def main() -> None:
    """Serve until told to stop."""
    told = os.environ
    # What the client library says of each request would be a line every second.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    api = Api(told.get("KUBERNETES_URL", "https://kubernetes.default.svc"), Path(told.get("ACCOUNT", str(ACCOUNT))))
    observer = Observer(api, told["COMPONENTS"], Path(told["CA_FILE"]))
    pages = Pages(observer, Doorkeeper(Path(told["PROXY_PASSWORD_FILE"])), told["DOMAIN"], told["ADMINISTRATORS"])
    uvicorn.run(pages.app, host=told.get("LISTEN", "0.0.0.0"), port=8080, access_log=False, log_level="warning")  # noqa: S104 - a pod's


if __name__ == "__main__":
    main()
