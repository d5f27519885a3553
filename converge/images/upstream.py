"""Published images: does their registry answer, and pull them through a mirror where the inventory names one."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from converge import proxies
from converge.images.builder import ARCHIVE, SCRATCH, pack
from converge.images.cache import remove
from converge.images.registry import fetch

PROBE_S = 3.0
"""A registry that does not answer within this time does not count as there."""


class Upstream:
    """Pulls references such as ``quay.io/keycloak/keycloak:26.7.4``; each registry is asked at most once whether it answers.

    With a mirror, that reference is pulled as ``MIRROR/quay.io/keycloak/keycloak:26.7.4``. TLS is always verified; plain HTTP is spoken
    with a mirror on this machine's loopback addresses only.
    """

    def __init__(self, references: Iterable[str], mirror: str | None, stop: threading.Event) -> None:
        self._mirror = mirror
        self._stop = stop
        self._hosts = sorted({self._host(reference) for reference in references})
        self._answers: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def source(self, reference: str) -> str:
        """Where a reference is pulled from."""
        return f"{self._mirror}/{reference}" if self._mirror else reference

    def refusal(self, reference: str) -> str | None:
        """Why the reference's registry cannot be used, or None where it answers."""
        host = self._host(reference)
        with self._lock:
            if not self._answers:
                # All at once: where a firewall drops what is sent, each takes its full time.
                with ThreadPoolExecutor(len(self._hosts)) as pool:
                    self._answers = dict(zip(self._hosts, pool.map(_probe, self._hosts), strict=True))
            return self._answers[host]

    def _host(self, reference: str) -> str:
        return self.source(reference).partition("/")[0]

    def pull(self, references: Sequence[str], folder: Path) -> None:
        """Pull into ``folder/image.tar``, an OCI archive that holds each image under its published name.

        A reference pinned by ``@sha256:…`` is refused where the registry serves something else.
        """
        scratch = folder / SCRATCH
        layout = scratch / "layout"
        layout.mkdir(parents=True)
        for reference in references:
            source = _address(self.source(reference))
            options = ["--src-tls-verify=false"] if _plain(self._host(reference)) else []
            fetch(
                ["skopeo", "copy", "-q", *options, f"docker://{source}", f"oci:{layout}:{reference.partition('@')[0]}"],
                f"the image {source}",
                stop=self._stop,
                env={"TMPDIR": str(scratch)},
            )
        pack(layout, folder / ARCHIVE)
        remove(scratch)


def _address(reference: str) -> str:
    """A digest says it all: a tag beside it is for people, and skopeo takes only one of them."""
    name, at, digest = reference.partition("@")
    if not at:
        return reference
    repository, _, tag = name.rpartition(":")
    return f"{repository if repository and '/' not in tag else name}@{digest}"


def _probe(host: str) -> str | None:
    """Any answer of the registry's own counts, "log in first" included."""
    scheme = "http" if _plain(host) else "https"
    # docker.io is a name, not a server: its registry answers elsewhere.
    server = "registry-1.docker.io" if host == "docker.io" else host
    url = f"{scheme}://{server}/v2/"
    way = proxies.proxy(url)
    # The library's own choice knows neither of ALL_PROXY nor that this machine is never asked for through a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({scheme: way} if way else {}))
    try:
        with opener.open(url, timeout=PROBE_S):
            return None
    except urllib.error.HTTPError as error:
        return None if error.code in (401, 404) else f"registry {host} answered {error.code}"
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return f"registry {host} does not answer: {reason}"


def _plain(host: str) -> bool:
    """A loopback registry that does not speak TLS."""
    name, _, port = host.rpartition(":")
    if not name or not _is_loopback(name):
        return False
    try:
        connection = http.client.HTTPSConnection(name, int(port), timeout=PROBE_S, context=ssl.create_default_context())
        connection.connect()
        connection.close()
    except ssl.SSLCertVerificationError:
        return False
    except (OSError, ValueError):
        return True
    return False


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost"
