"""HTTP towards the platform: its names resolve to where it is, its certificates are verified with its own CA, always.

The machine's resolver, proxies, CA bundles and ``.netrc`` are not asked: a run needs no change of the machine and is not changed by it.
The client libraries are imported with the first session: 50 ms that a run which only collects need not wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from converge.http.answers import checked, excerpt

if TYPE_CHECKING:
    import requests
    import urllib3

__all__ = ["checked", "excerpt", "origin", "pool_manager", "session", "sibling", "watched"]


def session(addresses: Mapping[str, str], ca_pem: str | Callable[[], str]) -> requests.Session:
    """A session to which ``{"thinkube.test": "10.88.88.2"}`` also says where every ``*.thinkube.test`` is.

    It connects to the address, while SNI, Host and verification use the name. ``ca_pem`` replaces the public CAs; "" keeps them. A
    function is asked now, and again where a certificate does not verify: the CA may have been replaced since.
    A session is cheap and keeps cookies: make one for each person who signs in. Threads may share one that nobody signs in with.
    The default timeouts are 5 s to connect and 30 s for silence; only reads (GET, HEAD) are repeated, and only when the connection broke.

    Raises (when used):
        Unreachable: nobody answered in time, or who answered could not be verified.
    """
    import requests

    from converge.http.adapter import Adapter

    made = requests.Session()
    made.trust_env = False
    adapter = Adapter(dict(addresses), ca_pem)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def sibling(original: requests.Session) -> requests.Session:
    """A session with the same addresses, CA and connections, but with no cookie or header of the original: somebody else's browser."""
    import requests

    made = requests.Session()
    made.trust_env = False
    for prefix, adapter in original.adapters.items():
        made.mount(prefix, adapter)
    return made


def watched(original: requests.Session, waiting: Callable[[str], None]) -> requests.Session:
    """A session that goes the same way; before a request of its is repeated, ``waiting`` is told which and why.

    ``GET https://auth.thinkube.test/realms/thinkube: Connection refused, asked again``; no query, which may hold codes and signatures.
    """
    from converge.http.adapter import Adapter, Watched

    made = Watched(origin(original))
    made.trust_env = False
    for prefix, adapter in original.adapters.items():
        made.mount(prefix, adapter.watched(waiting) if isinstance(adapter, Adapter) else adapter)
    return made


def origin(made: requests.Session) -> requests.Session:
    """The session that a watched one was made from, else the session itself: who shares something for each session goes by it."""
    found: requests.Session = getattr(made, "origin", made)
    return found


def pool_manager(original: requests.Session) -> urllib3.PoolManager:
    """A urllib3 pool manager that goes the same way and trusts the same CA, for client libraries that take one (minio)."""
    import urllib3

    from converge.http.adapter import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Adapter

    adapter = original.get_adapter("https://")
    if not isinstance(adapter, Adapter):
        raise TypeError("a session that converge.http.session() made")
    return adapter.pools(timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S), retries=adapter.max_retries)
