"""Run a program in a pod, with its standard input, to its end: the API server's remote command protocol over a WebSocket.

The websocket client is used bare: the kubernetes library speaks this protocol too, but takes its generated models along, half a second
and 60 MiB each time the harness starts.
Source: Kubernetes, `v5.channel.k8s.io`: each message begins with its channel's number; 255 closes a channel.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urlsplit

from converge.errors import TEMPORARY, ThinkubeError, Unreachable
from converge.kubernetes.failures import ApiRefused, read_status
from converge.kubernetes.request import Request
from converge.proxies import PORTS

if TYPE_CHECKING:
    from websocket import WebSocket

    from converge.kubernetes.client import Api
    from converge.kubernetes.kubeconfig import Credentials

_PROTOCOL = "v5.channel.k8s.io"
"""From Kubernetes 1.30 on; older ones have no way to say where standard input ends."""
_STDIN, _STDOUT, _STDERR, _ERROR, _CLOSE = 0, 1, 2, 3, 255
_PIECE = 32 * 1024
_CONNECT_S = 10


class ExecFailed(ThinkubeError):
    """A program in a pod ended with another status than 0 (``code``), or did not run to its end (``code`` None)."""

    usual_next = "kubectl get pods -A"

    def __init__(self, wanted: str, code: int | None, stdout: str, stderr: str, *, seen: str) -> None:
        self.code = code
        self.stdout = stdout
        self.stderr = stderr
        super().__init__(wanted, seen=seen, cause="\n".join((stderr.strip() or stdout.strip()).splitlines()[-12:]))


def execute(api: Api, namespace: str, pod: str, argv: Sequence[str], stdin: str = "", container: str = "", *, timeout_s: float = 60) -> str:
    """Run a program in a pod and return what it wrote to its standard output; secrets go through ``stdin``.

    Raises:
        ExecFailed: it ended with another status than 0, or not within ``timeout_s``.
    """
    from websocket import ABNF, WebSocketException, WebSocketTimeoutException

    subject = f"`{' '.join(argv[:4])}` in Pod {namespace}/{pod} to succeed"
    query: dict[str, str | int | list[str]] = {"command": list(argv), "stdout": "true", "stderr": "true", "stdin": str(bool(stdin)).lower()}
    if container:
        query["container"] = container
    request = Request("execute", "GET", api.resource("Pod").path(namespace, pod, "exec"), subject, query, idempotent=False)
    deadline = time.monotonic() + timeout_s
    line = _open(api, request)
    said: dict[int, list[bytes]] = {_STDOUT: [], _STDERR: [], _ERROR: []}
    try:
        data = stdin.encode()
        for start in range(0, len(data), _PIECE):
            line.send_binary(bytes([_STDIN]) + data[start : start + _PIECE])
        if data:
            line.send_binary(bytes([_CLOSE, _STDIN]))
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WebSocketTimeoutException
            line.settimeout(left)
            kind, message = line.recv_data()
            if kind == ABNF.OPCODE_CLOSE:
                break
            if message and message[0] in said:
                said[message[0]].append(message[1:])
    except WebSocketTimeoutException as error:
        raise ExecFailed(subject, None, _text(said[_STDOUT]), _text(said[_STDERR]), seen=f"no end after {timeout_s:.0f} s") from error
    except (WebSocketException, OSError) as error:
        if not said[_ERROR]:  # else the program's end was told before the connection's
            raise Unreachable(subject, seen=str(error), cause="the connection broke: it may or may not have run to its end") from error
    finally:
        line.shutdown()  # type: ignore[no-untyped-call]
    out, err = _text(said[_STDOUT]), _text(said[_STDERR])
    code, seen = _ended(b"".join(said[_ERROR]))
    if code != 0:
        raise ExecFailed(subject, code, out, err, seen=seen)
    return out


def _open(api: Api, request: Request) -> WebSocket:
    """Connect; what is refused only for now is asked for again, since nothing has run yet."""
    from websocket import WebSocketBadStatusException, WebSocketException

    deadline = time.monotonic() + api.patience_s
    pause = 0.1
    while True:
        try:
            line = _connect(api.wire.credentials, request)
        except WebSocketBadStatusException as error:
            api.observed(request, error.status_code, 0.0)
            status = read_status(error.resp_body if isinstance(error.resp_body, bytes) else b"")
            if error.status_code not in TEMPORARY:
                raise ApiRefused(request.subject, error.status_code, status, next_command="kubectl get pods -A") from error
            seen = f"{error.status_code}: {status.get('message', '')}"
        except ssl.SSLError:
            raise
        except (WebSocketException, HTTPException, OSError) as error:
            seen = str(error)
        else:
            api.observed(request, 101, 0.0)
            return line
        if time.monotonic() + pause > deadline:
            raise Unreachable(
                request.subject,
                seen=seen,
                cause=f"temporary trouble for {api.patience_s:.0f} s at {api.wire.credentials.way}",
                next_command="kubectl get pods -A",
            )
        api.wait(f"{request.subject}: {seen}")
        time.sleep(pause)
        pause = min(pause * 2, 3.0)


def _connect(credentials: Credentials, request: Request) -> WebSocket:
    from websocket import create_connection

    token = credentials.token()
    url = (credentials.server + request.path).replace("http", "ws", 1) + "?" + urlencode(request.query or {}, doseq=True)
    return create_connection(
        url,
        timeout=_CONNECT_S,
        subprotocols=[_PROTOCOL],
        header=[f"Authorization: Bearer {token}"] if token else [],
        suppress_origin=True,
        enable_multithread=False,
        socket=_reach(credentials),
    )


def _reach(credentials: Credentials) -> socket.socket:
    """A connection to the API server. The websocket client would choose a proxy by the environment, whatever it is told."""
    server = urlsplit(credentials.server)
    address = server.hostname or "", server.port or PORTS[server.scheme]
    line = _tunnel(credentials.proxy, *address) if credentials.proxy else socket.create_connection(address, timeout=_CONNECT_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if server.scheme == "http":
        return line
    try:
        return credentials.tls().wrap_socket(line, server_hostname=credentials.server_name or address[0])
    except BaseException:
        line.close()
        raise


def _tunnel(proxy: str, host: str, port: int) -> socket.socket:
    """A connection through an HTTP proxy."""
    parts = urlsplit(proxy)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    headers = {"Proxy-Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"} if name else {}
    connection = HTTPConnection(parts.hostname or "", parts.port or PORTS["http"], timeout=_CONNECT_S)
    connection.set_tunnel(host, port, headers)
    connection.connect()
    return connection.sock


def _ended(status: bytes) -> tuple[int | None, str]:
    """How the program ended, by the Status that the server sends last."""
    if not status:
        return None, "the connection was closed before the program's end"
    answer = json.loads(status)
    if answer.get("status") == "Success":
        return 0, ""
    for cause in (answer.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode":
            return int(cause["message"]), f"exit status {cause['message']}"
    return None, answer.get("message") or "it could not be started"


def _text(pieces: Sequence[bytes]) -> str:
    return b"".join(pieces).decode("utf-8", "replace")
