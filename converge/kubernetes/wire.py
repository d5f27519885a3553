"""Requests to one API server over kept-alive TLS connections: retried while trouble is temporary, refused at once when it is not."""

from __future__ import annotations

import contextlib
import email.utils
import json
import random
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import unquote, urlencode, urlsplit

import urllib3

from converge.errors import Refused, Unreachable
from converge.kubernetes.discovery import Discovery
from converge.kubernetes.failures import ApiRefused, is_temporary, read_status, was_not_stored
from converge.kubernetes.kubeconfig import Credentials
from converge.kubernetes.objects import Ref
from converge.kubernetes.request import PATIENCE_S, Request

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_SETTLING_S = 30.0
"""A server that was away refuses (401, 403) what it should allow until it has read its rules again."""


NOTHING_SENT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.ProxyError)


class Patience(Protocol):
    """Who hears of trouble before a request is repeated, and may end that by raising: `converge.kubernetes.patience`."""

    def again(self, seen: str) -> None:
        """It will be asked again, since the server said this."""

    def explained(self, error: Unreachable) -> Unreachable:
        """The error of a request that was repeated to no end, with what is known of the cause."""


class Wire:
    """The connections to one API server as one identity, shared by everything that talks to it.

    ``written`` holds the resource version of our last write of each object, ``attached`` what lives as long as the connections (watches).
    """

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        tls: dict[str, Any] = {}
        if credentials.server.startswith("https://"):
            tls["ssl_context"] = credentials.tls()
            if credentials.server_name:
                tls |= {"server_hostname": credentials.server_name, "assert_hostname": credentials.server_name}
        self._pool = _pool(credentials.proxy, maxsize=32, retries=False, **tls)
        self._token = credentials.token()
        self.discovery = Discovery(self._fetch)
        self.written: dict[Ref, int] = {}
        self.attached: dict[str, object] = {}
        self._away_at = -_SETTLING_S

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def send(
        self,
        request: Request,
        *,
        patience_s: float = PATIENCE_S,
        read_s: float = 30.0,
        tell: Callable[[Request, int, float], None] | None = None,
        patience: Patience | None = None,
    ) -> bytes:
        """Ask until there is an answer, and return its body; ``patience`` hears of trouble before each pause, and may end it.

        Raises:
            ApiRefused: the server refused for good.
            Refused: only a person can help.
            Unreachable: temporary trouble lasted longer than ``patience_s``.
        """
        deadline = time.monotonic() + patience_s
        pause = _FIRST_PAUSE_S
        renewed = False
        while True:
            started = time.monotonic()
            asked_pause = 0.0
            try:
                answer = self.once(request, read_s=read_s)
                code, body = answer.status, answer.data
            except NOTHING_SENT as error:
                code, seen = 0, self._was_away(error)  # nothing was sent, so even a create may be repeated
            except urllib3.exceptions.HTTPError as error:
                if _is_about_certificates(error):
                    raise _untrusted(self.credentials.server, error) from error
                code, seen = 0, self._was_away(error)
                if not request.idempotent:
                    raise Unreachable(
                        request.subject, seen=seen, cause="the answer was lost, so it may or may not have happened"
                    ) from error
            else:
                if code < 400:
                    if tell:
                        tell(request, code, time.monotonic() - started)
                    return body
                status = read_status(body)
                if code == 401 and not renewed:
                    renewed, self._token = True, self.credentials.token()
                    continue
                asked_pause = _retry_after(answer.headers.get("Retry-After"))
                is_later = self._is_settling(code) or is_temporary(code, status, request.verb)
                if not is_later or (code in {500, 504} and not request.idempotent and not was_not_stored(status)):
                    if tell:
                        tell(request, code, time.monotonic() - started)
                    raise ApiRefused(request.subject, code, status, next_command=request.next_command)
                words = " ".join(filter(None, (str(code), status.get("reason"))))
                seen = f"{words}: {status['message']}" if status.get("message") else words
            if tell:
                tell(request, code, time.monotonic() - started)
            wait = max(asked_pause, pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            if time.monotonic() + wait > deadline:
                given_up = Unreachable(
                    request.subject,
                    seen=seen,
                    cause=f"temporary trouble for {patience_s:.0f} s at {self.credentials.way}",
                    next_command="thinkube cluster status",
                )
                raise patience.explained(given_up) if patience else given_up
            if patience:
                patience.again(seen)
            time.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def once(self, request: Request, *, read_s: float, stream: bool = False) -> urllib3.BaseHTTPResponse:
        """Ask one time; errors of the connection come through as urllib3's."""
        headers = {"Accept": "application/json", "User-Agent": "thinkube"}
        body = None
        if request.body is not None:
            body = json.dumps(request.body, separators=(",", ":")).encode()
            headers["Content-Type"] = request.content_type
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        url = self.credentials.server + request.path
        if request.query:
            url += "?" + urlencode(request.query, doseq=True)
        return self._pool.request(
            request.method,
            url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(connect=5.0, read=read_s),
            preload_content=not stream,
            redirect=False,
        )

    def events(self, request: Request, *, read_s: float, tell: Callable[[Request, int, float], None]) -> Events:
        """Open a watch.

        Raises:
            ApiRefused: it was refused, also with a temporary code.
            Unreachable: nobody answered.
        """
        try:
            answer = self.once(request, read_s=read_s, stream=True)
            tell(request, answer.status, 0.0)
            if answer.status >= 400:
                refused = ApiRefused(request.subject, answer.status, read_status(answer.data))
                if self._is_settling(answer.status):
                    raise Unreachable(request.subject, seen=refused.seen, cause="the server was away a moment ago") from refused
                raise refused
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(request.subject, seen=self._was_away(error)) from error
        return Events(answer, request.subject)

    def _was_away(self, error: Exception) -> str:
        self._away_at = time.monotonic()
        return _brief(error)

    def _is_settling(self, code: int) -> bool:
        return code in {401, 403} and time.monotonic() - self._away_at < _SETTLING_S

    def _fetch(self, path: str) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = json.loads(self.send(Request("get", "GET", path, f"GET {path}")))
        except ApiRefused as refused:
            if refused.code == 404:
                return None
            raise
        return answer


class Events:
    """The events of one watch, as they arrive; ``close`` may be called from any thread and ends the iteration."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, subject: str) -> None:
        self._answer = answer
        self._subject = subject
        self._closed = False

    def close(self) -> None:
        """End the watch and give its connection up."""
        self._closed = True
        with contextlib.suppress(Exception):
            self._answer.shutdown()  # wakes a reader in another thread, which close() would not

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rest = b""
        try:
            for chunk in self._answer.stream(None):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    event: dict[str, Any] = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ApiRefused(self._subject, int(event["object"].get("code") or 500), event["object"])
                    yield event
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if not self._closed:
                raise Unreachable(self._subject, seen=_brief(error)) from error
        finally:
            self._answer.close()


def _pool(proxy: str, **options: Any) -> urllib3.PoolManager:
    """Connections straight to the server, whatever proxies the environment names, or through the one that was chosen for it."""
    if not proxy:
        return urllib3.PoolManager(**options)
    parts = urlsplit(proxy)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    headers = urllib3.make_headers(proxy_basic_auth=f"{name}:{password}") if name else None
    return urllib3.ProxyManager(f"http://{parts.netloc.rpartition('@')[2]}", proxy_headers=headers, **options)


def _retry_after(value: str | None) -> float:
    """Seconds of a Retry-After header, which may also be a date."""
    if not value:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0


def _brief(error: Exception) -> str:
    return str(error).partition(": ")[2] or str(error) or type(error).__name__


def _is_about_certificates(error: Exception) -> bool:
    """Whether a server could not be verified; whatever else breaks a handshake may pass."""
    return isinstance(error, urllib3.exceptions.SSLError) and any(isinstance(one, ssl.SSLCertVerificationError) for one in error.args)


def _untrusted(server: str, error: Exception) -> Refused:
    return Refused(
        f"a certificate of {server} that the kubeconfig's CA signed",
        seen=str(error),
        cause="the kubeconfig belongs to another cluster, or to an earlier one of that name",
        next_command="thinkube cluster status",
    )
