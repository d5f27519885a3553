"""A proxy between the harness and the API server that misbehaves as told: too busy, failing, silent, cutting watches.

It listens on the loopback and passes requests on as the cluster's administrator, so it asks for a token that only its own kubeconfig has.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from converge.kubernetes.kubeconfig import read_kubeconfig

Judge = Callable[["Asked"], "Misbehaviour | None"]


class Asked:
    """A request as it arrived; ``times`` counts how often the very same was asked before."""

    def __init__(self, method: str, path: str, times: int) -> None:
        self.method, self.path, self.times = method, path, times
        self.is_watch = "watch=1" in path


class Misbehaviour:
    """What happens instead of the answer (``code``, 0: the connection is reset) or to it (``cut_after_s``: a watch ends early)."""

    def __init__(self, code: int = 0, *, retry_after: str = "", cut_after_s: float = 0.0) -> None:
        self.code, self.retry_after, self.cut_after_s = code, retry_after, cut_after_s


class Proxy:
    """``with Proxy(kubeconfig, folder) as proxy: proxy.judge = lambda asked: Misbehaviour(429, retry_after="1")``."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        upstream = read_kubeconfig(kubeconfig)
        url = urlsplit(upstream.server)
        self.address, self.tls = (url.hostname or "", url.port or 443), upstream.tls()
        self.token = secrets.token_urlsafe()
        self.judge: Judge = lambda asked: None
        self.misbehaved: Counter[int] = Counter()
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.proxy = self  # type: ignore[attr-defined]
        self.kubeconfig = folder / "proxy.kubeconfig"
        self.kubeconfig.touch(0o600)
        self.kubeconfig.write_text(self._kubeconfig())

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _kubeconfig(self) -> str:
        def entry(kind: str, **content: Any) -> dict[str, Any]:
            return {"name": "proxy", kind: content}

        return json.dumps(
            {
                "current-context": "proxy",
                "clusters": [entry("cluster", server=f"http://127.0.0.1:{self._server.server_address[1]}")],
                "users": [entry("user", token=self.token)],
                "contexts": [entry("context", cluster="proxy", user="proxy")],
            }
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        proxy: Proxy = self.server.proxy  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != f"Bearer {proxy.token}":
            self._status(401, "not this proxy's token")
            return
        with proxy.lock:
            key = f"{self.command} {self.path}"
            asked = Asked(self.command, self.path, proxy.asked[key])
            proxy.asked[key] += 1
        wrong = proxy.judge(asked)
        if wrong is not None:
            with proxy.lock:
                proxy.misbehaved[wrong.code] += 1
            if wrong.code:
                self._status(wrong.code, "told to misbehave", wrong.retry_after)
                return
            if not wrong.cut_after_s:
                self._reset()
                return
        self._pass_on(proxy, body, wrong.cut_after_s if wrong else 0.0)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - their names say which method

    def _pass_on(self, proxy: Proxy, body: bytes, cut_after_s: float) -> None:
        upstream = http.client.HTTPSConnection(*proxy.address, context=proxy.tls, timeout=330)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("authorization", "host", "connection")}
        try:
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            started = time.monotonic()
            if cut_after_s:  # from its beginning on: how long that takes is the machine's business
                upstream.sock.settimeout(cut_after_s)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() in ("content-type", "retry-after"):
                    self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while chunk := answer.read1(65536):
                self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                self.wfile.flush()
                if cut_after_s and time.monotonic() - started > cut_after_s:
                    raise TimeoutError
            self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException, ssl.SSLError):
            self._reset()
        finally:
            upstream.close()

    def _status(self, code: int, message: str, retry_after: str = "") -> None:
        text = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(text)

    def _reset(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        return
