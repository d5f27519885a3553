"""How a request travels: to the address that its name has been given, verified for that name with the CA that was given."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Self

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool

from converge import authority, tls
from converge.errors import Unreachable
from converge.http.answers import excerpt
from converge.redaction import redact

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0


class Watched(requests.Session):
    """A session that tells of what it repeats; ``origin`` is the one that it was made from."""

    def __init__(self, origin: requests.Session) -> None:
        super().__init__()
        self.origin = origin


class Retries(urllib3.Retry):
    """Only what broke on its way is repeated, and once it was sent only reads; ``waiting`` hears of it before the pause."""

    def __init__(self, *options: Any, waiting: Callable[[str], None] | None = None, **named: Any) -> None:
        super().__init__(*options, **named)
        self.waiting = waiting

    def new(self, **changed: Any) -> Self:
        """As urllib3's: what is left after an attempt."""
        return super().new(**{"waiting": self.waiting, **changed})

    def increment(
        self, method: Any = None, url: Any = None, response: Any = None, error: Any = None, _pool: Any = None, _stacktrace: Any = None
    ) -> Self:
        """As urllib3's: called before each pause, raises where nothing is left."""
        left = super().increment(method, url, response, error, _pool, _stacktrace)
        if self.waiting:
            host = getattr(_pool, "assert_hostname", None) or _pool.host  # the name that led to the pool's address
            self.waiting(redact(f"{method} {_pool.scheme}://{host}{_without_query(url)}: {_reason(error)}, asked again"))
        return left


class Pools(urllib3.PoolManager):
    """Connection pools to the address that a name has been given, verified for the name."""

    def __init__(self, addresses: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self._addresses = addresses

    def connection_from_host(
        self, host: str | None, port: int | None = None, scheme: str | None = "http", pool_kwargs: dict[str, Any] | None = None
    ) -> HTTPConnectionPool:
        """As urllib3's, but to the address."""
        address = address_of(self._addresses, host or "")
        if address is None:
            return super().connection_from_host(host, port, scheme, pool_kwargs)
        options = dict(pool_kwargs or {})
        if scheme == "https":
            options |= {"server_hostname": host, "assert_hostname": host}
        return super().connection_from_host(address, port, scheme, options)


class Adapter(HTTPAdapter):
    """Sends requests through ``Pools``; failures to reach the other side become ``Unreachable``."""

    def __init__(self, addresses: Mapping[str, str], ca_pem: str | Callable[[], str]) -> None:
        self._addresses = addresses
        self._ask = ca_pem if callable(ca_pem) else lambda: ca_pem
        self._ca_pem = self._ask()
        self._trust = _trust(self._ca_pem)
        retries = Retries(total=3, connect=3, read=1, redirect=0, status=0, other=0, allowed_methods={"GET", "HEAD"}, backoff_factor=0.2)
        super().__init__(max_retries=retries, pool_connections=32, pool_maxsize=32)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """Called by requests when the adapter is made."""
        self.poolmanager = self.pools(num_pools=connections, maxsize=maxsize, block=block, **options)

    def watched(self, waiting: Callable[[str], None]) -> Adapter:
        """The same connections, for somebody who wants to hear of what is repeated."""
        made = Adapter.__new__(Adapter)
        vars(made).update(vars(self) | {"max_retries": self.max_retries.new(waiting=waiting)})
        return made

    def pools(self, **options: Any) -> Pools:
        """Pools that go the same way and trust the same CA."""
        return Pools(self._addresses, ssl_context=self._trust, **options)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Verify with the pools' own trust; what the caller passed as ``verify`` neither widens nor weakens it."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send with our timeouts and our trust.

        Raises:
            Unreachable: nobody answered in time, or who answered could not be verified.
        """
        options["timeout"] = options.get("timeout") or (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        options["verify"] = True
        named = request.copy()
        named.headers.setdefault("Host", urllib3.util.parse_url(named.url or "").netloc or "")
        try:
            return self._send(named, options)
        except requests.exceptions.SSLError as error:
            raise self._untrusted(request, error) from error
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise Unreachable(_what(request), seen=_reason(error)) from error

    def _send(self, request: requests.PreparedRequest, options: Mapping[str, Any]) -> requests.Response:
        """Nothing was sent where a handshake failed, so any request may go once more with the CA of today."""
        try:
            return super().send(request, **options)
        except requests.exceptions.SSLError:
            if (now := self._ask()) == self._ca_pem:
                raise
        self._ca_pem, self._trust = now, _trust(now)
        self.init_poolmanager(self._pool_connections, self._pool_maxsize, block=self._pool_block)  # type: ignore[attr-defined]
        return super().send(request, **options)

    def _untrusted(self, request: requests.PreparedRequest, error: Exception) -> Unreachable:
        trusted = ", ".join(map(authority.describe, authority.certificates(self._ca_pem))) if self._ca_pem else "the public ones"
        host = urllib3.util.parse_url(request.url or "").host or ""
        return Unreachable(
            _what(request),
            seen=_reason(error),
            cause=f"{self._presented(host)}; trusted: {trusted}",
            next_command="pytest features/ -m cert-manager",
        )

    def _presented(self, host: str) -> str:
        """Who signed what the server shows, in words; only looked at, nothing is sent to it."""
        try:
            shown = tls.presented(address_of(self._addresses, host) or host, host)
        except Unreachable as gone:
            return f"the certificate of {host} cannot be looked at: {gone.seen}"
        return f"{host} presents a certificate that {shown.issuer.rfc4514_string()} signed"


@lru_cache(maxsize=8)
def _trust(ca_pem: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca_pem or None)


def _what(request: requests.PreparedRequest) -> str:
    """Queries may hold codes and signatures; an error must not."""
    return f"{request.method} {_without_query(request.url or '')}"


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _reason(error: BaseException) -> str:
    """The innermost cause, which is the one that means something: "certificate verify failed …", "Connection refused"."""
    innermost: BaseException = error
    while (deeper := innermost.__cause__ or innermost.__context__) is not None and not isinstance(deeper, TypeError):
        innermost = deeper
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError) and not isinstance(
        error,
        urllib3.exceptions.NewConnectionError,  # which is one of those by inheritance only
    ):
        return "no answer in time"
    return excerpt(str(innermost) or type(innermost).__name__)


def address_of(addresses: Mapping[str, str], host: str) -> str | None:
    """Where a name leads: its own address, or that of a domain it lies in."""
    labels = host.lower().split(".")
    return next((addresses[name] for i in range(len(labels)) if (name := ".".join(labels[i:])) in addresses), None)
