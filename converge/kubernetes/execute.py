"""Run a program in a pod, with its standard input, to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from converge.errors import ThinkubeError, Unreachable
from converge.kubernetes.failures import TEMPORARY, ApiRefused, read_status
from converge.kubernetes.wire import Request

if TYPE_CHECKING:
    from converge.kubernetes.client import Api
    from converge.kubernetes.kubeconfig import Credentials

_PIECE = 32 * 1024


class ExecFailed(ThinkubeError):
    """A program in a pod ended with another status than 0 (``code``), or did not run to its end (``code`` None)."""

    def __init__(self, wanted: str, code: int | None, stdout: str, stderr: str, *, seen: str) -> None:
        self.code = code
        self.stdout = stdout
        self.stderr = stderr
        super().__init__(wanted, seen=seen, cause="\n".join((stderr.strip() or stdout.strip()).splitlines()[-12:]))


def execute(api: Api, namespace: str, pod: str, argv: Sequence[str], stdin: str, container: str, timeout_s: float) -> str:
    """See `Api.execute`."""
    from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDIN_CHANNEL, STDOUT_CHANNEL, V5_CHANNEL_PROTOCOL
    from websocket import WebSocketException

    subject = f"`{' '.join(argv[:4])}` in Pod {namespace}/{pod} to succeed"
    query: dict[str, str | int | list[str]] = {"command": list(argv), "stdout": "true", "stderr": "true", "stdin": str(bool(stdin)).lower()}
    if container:
        query["container"] = container
    request = Request("execute", "GET", api.resource("Pod").path(namespace, pod, "exec"), subject, query, idempotent=False)
    deadline = time.monotonic() + timeout_s
    socket = _open(api, request)
    said = {STDOUT_CHANNEL: b"", STDERR_CHANNEL: b"", ERROR_CHANNEL: b""}
    try:
        if stdin:
            if socket.subprotocol != V5_CHANNEL_PROTOCOL:
                raise ExecFailed(
                    subject,
                    None,
                    "",
                    "",
                    seen=f"an API server that speaks {socket.subprotocol}: it cannot be told where standard input ends",
                )
            data = stdin.encode()
            for start in range(0, len(data), _PIECE):
                socket.write_channel(STDIN_CHANNEL, data[start : start + _PIECE])
            socket.close_channel(STDIN_CHANNEL)
        is_open = True
        while is_open:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ExecFailed(
                    subject, None, _text(said[STDOUT_CHANNEL]), _text(said[STDERR_CHANNEL]), seen=f"no end after {timeout_s:.0f} s"
                )
            socket.update(timeout=left)
            is_open = socket.is_open()
            for channel in said:
                said[channel] += socket.read_channel(channel)
    except (WebSocketException, OSError) as error:
        raise Unreachable(subject, seen=str(error), cause="the connection broke, so it may or may not have run to its end") from error
    finally:
        socket.close()
    out, err = _text(said[STDOUT_CHANNEL]), _text(said[STDERR_CHANNEL])
    code, seen = _ended(said[ERROR_CHANNEL])
    if code != 0:
        raise ExecFailed(subject, code, out, err, seen=seen)
    return out


def _open(api: Api, request: Request) -> Any:
    """Connect; what is refused only for now is asked for again, since nothing has run yet."""
    from websocket import WebSocketBadStatusException, WebSocketException

    deadline = time.monotonic() + api.patience_s
    pause = 0.1
    while True:
        try:
            socket = _connect(api.wire.credentials, request)
        except WebSocketBadStatusException as error:
            api.told(request, error.status_code, 0.0)
            status = read_status(error.resp_body if isinstance(error.resp_body, bytes) else b"")
            if error.status_code not in TEMPORARY:
                raise ApiRefused(request.subject, error.status_code, status, next_command="kubectl get pods -A") from error
            seen = f"{error.status_code}: {status.get('message', '')}"
        except (WebSocketException, OSError) as error:
            seen = str(error)
        else:
            api.told(request, 101, 0.0)
            return socket
        if time.monotonic() + pause > deadline:
            raise Unreachable(request.subject, seen=seen, cause=f"temporary trouble for {api.patience_s:.0f} s")
        time.sleep(pause)
        pause = min(pause * 2, 3.0)


def _connect(credentials: Credentials, request: Request) -> Any:
    from kubernetes.client import Configuration
    from kubernetes.stream.ws_client import WSClient

    token = credentials.token()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    url = (credentials.server + request.path).replace("http", "ws", 1) + "?" + urlencode(request.query or {}, doseq=True)
    with credentials.files() as folder:
        configuration = Configuration()
        configuration.proxy = None
        configuration.ssl_ca_cert = str(folder / "ca.crt") if credentials.ca_pem else None
        configuration.tls_server_name = credentials.server_name or None
        if credentials.certificate_pem:
            configuration.cert_file, configuration.key_file = str(folder / "tls.crt"), str(folder / "tls.key")
        return WSClient(configuration, url, headers, capture_all=False, binary=True)  # type: ignore[no-untyped-call]


def _ended(status: bytes) -> tuple[int | None, str]:
    """How the program ended, by the Status that the server sends last."""
    if not status:
        return None, "the connection was closed before the program's end"
    answer = json.loads(status)
    if answer.get("status") == "Success":
        return 0, ""
    causes = (answer.get("details") or {}).get("causes") or ()
    for cause in causes:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"]), f"exit status {cause['message']}"
    return None, answer.get("message") or "it could not be started"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
