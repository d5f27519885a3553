"""Read a kubeconfig: where the API server is, whom to trust, and who we are."""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from converge import proxies
from converge.errors import Refused


@dataclass(frozen=True)
class Credentials:
    """How to reach one API server as one identity; ``proxy`` is the HTTP proxy on the way to it, "" where there is none.

    ``token()`` gives the bearer token of this moment (files and plugins renew theirs), or "".
    """

    server: str
    ca_pem: str = ""
    certificate_pem: str = field(default="", repr=False)
    key_pem: str = field(default="", repr=False)
    server_name: str = ""
    proxy: str = field(default="", repr=False)
    token: Callable[[], str] = field(default=lambda: "", repr=False)

    @property
    def way(self) -> str:
        """For people: ``https://api.example:6443 through the proxy http://proxy.example:3128``."""
        return self.server + (f" through the proxy {proxies.without_password(self.proxy)}" if self.proxy else "")

    def tls(self) -> ssl.SSLContext:
        """A context that verifies the server by the kubeconfig's CA, or by the machine's where it names none."""
        context = ssl.create_default_context(cadata=self.ca_pem or None)
        context.verify_flags &= (
            ~ssl.VERIFY_X509_STRICT
        )  # cluster CAs often lack the key identifiers that strictness asks for (the default from Python 3.13)
        if self.certificate_pem:
            with tempfile.TemporaryDirectory(prefix="thinkube-") as folder:  # OpenSSL takes client certificates from files only
                certificate, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
                certificate.write_text(self.certificate_pem)
                key.write_text(self.key_pem)
                context.load_cert_chain(certificate, key)
        return context


def read_kubeconfig(path: Path, context: str | None = None, *, foreign: bool = False) -> Credentials:
    """Read one context of a kubeconfig (default: its current one).

    ``foreign``: somebody else's cluster, which may be beyond the proxy that the environment names. A cluster of ours never is.

    Raises:
        Refused: it cannot be read, lacks the context, asks not to verify TLS, or the way is through a proxy that does not speak HTTP.
    """
    try:
        config = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise Refused(f"a kubeconfig at {path}", seen=str(error), next_command="thinkube cluster start") from error
    if not isinstance(config, dict):
        raise Refused(
            f"a kubeconfig at {path}", seen=f"{type(config).__name__} instead of a mapping", next_command="thinkube cluster start"
        )
    name = context or config.get("current-context") or ""
    chosen = _named(config, "contexts", name, path).get("context") or {}
    cluster = _named(config, "clusters", chosen.get("cluster", ""), path).get("cluster") or {}
    user = _named(config, "users", chosen.get("user", ""), path).get("user") or {}
    if cluster.get("insecure-skip-tls-verify"):
        raise Refused(
            "a server whose certificate can be verified",
            seen=f"insecure-skip-tls-verify in {path}",
            cause="TLS is never unverified here",
            next_command="kubectl config view",
        )
    folder = path.parent
    server = str(cluster.get("server", "")).rstrip("/")
    return Credentials(
        server=server,
        ca_pem=_pem(cluster, "certificate-authority", folder),
        certificate_pem=_pem(user, "client-certificate", folder),
        key_pem=_pem(user, "client-key", folder),
        server_name=cluster.get("tls-server-name", ""),
        proxy=_proxy(server, str(cluster.get("proxy-url") or (proxies.proxy(server) if foreign else ""))),
        token=_token(user, path, name),
    )


def _proxy(server: str, found: str) -> str:
    if found and urlsplit(found).scheme != "http":
        host = urlsplit(server).hostname
        raise Refused(
            f"an HTTP proxy on the way to {server}",
            seen=proxies.without_password(found),
            cause="the kubeconfig's proxy-url, HTTPS_PROXY or ALL_PROXY; only http:// is spoken here",
            next_command=f"export HTTPS_PROXY=http://PROXY:PORT, or NO_PROXY={host} where the way is direct",
        )
    return found


def _named(config: dict[str, Any], section: str, name: str, path: Path) -> dict[str, Any]:
    entries = {entry.get("name"): entry for entry in config.get(section) or ()}
    if name not in entries:
        raise Refused(
            f"{section[:-1]} {name!r} in {path}",
            seen=", ".join(sorted(map(str, entries))) or "none",
            next_command="kubectl config get-contexts",
        )
    found: dict[str, Any] = entries[name]
    return found


def _pem(entry: dict[str, Any], key: str, folder: Path) -> str:
    if data := entry.get(f"{key}-data"):
        return base64.b64decode(data).decode()
    if file := entry.get(key):
        return Path(folder / file).read_text()
    return ""


def _token(user: dict[str, Any], path: Path, context: str) -> Callable[[], str]:
    if token := user.get("token"):
        return lambda: str(token)
    if file := user.get("tokenFile"):
        token_file: Path = path.parent / str(file)
        return lambda: token_file.read_text().strip()
    if "exec" in user or "auth-provider" in user:
        return lambda: _plugin_token(path, context)
    return lambda: ""


def _plugin_token(path: Path, context: str) -> str:
    """Ask the kubernetes library, which runs credential plugins and keeps their tokens until they expire."""
    from kubernetes.client import Configuration
    from kubernetes.config import load_kube_config

    configuration = Configuration()
    load_kube_config(str(path), context=context, client_configuration=configuration)  # type: ignore[no-untyped-call]
    value = configuration.get_api_key_with_prefix("BearerToken", alias="authorization") or ""  # the older name: before version 37
    return str(value).removeprefix("Bearer ")
