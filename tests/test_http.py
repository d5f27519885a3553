"""A session reaches the platform by name without the machine's resolver, and trusts the platform's CA only."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from converge import http
from converge.errors import Refused, ThinkubeError, Unreachable


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Refused handshakes are what some tests want."""


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    reads = 0

    def do_GET(self) -> None:
        Echo.reads += 1
        if self.path == "/break" and Echo.reads == 1:
            self.close_connection = True
            self.connection.shutdown(2)
            return
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", f"https://minio.thinkube.test:{self.server.server_address[1]}/there")
            self.send_header("Set-Cookie", "seen=yes; Path=/; Secure")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = f"{self.headers['Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def certificate(name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None, *names: str) -> tuple[x509.Certificate, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def pem(made: x509.Certificate) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def authority() -> tuple[x509.Certificate, Any]:
    return certificate("test CA", None)


@pytest.fixture
def port(authority: tuple[x509.Certificate, Any], tmp_path: Path) -> Iterator[int]:
    made, key = certificate("leaf", authority, "thinkube.test", "*.thinkube.test")
    chain = tmp_path / "chain.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_text(pem(made) + secret.decode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    Echo.reads = 0
    server = Server(("127.0.0.1", 0), Echo)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_the_domain_and_what_is_below_it_resolve_to_the_given_address(authority: Any, port: int) -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(authority[0]))
    for host in ("thinkube.test", "auth.thinkube.test"):
        assert session.get(f"https://{host}:{port}/path?q=1").text == f"{host}:{port} /path?q=1"


def test_redirects_and_cookies_belong_to_names_not_addresses(authority: Any, port: int) -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(authority[0]))
    answer = session.get(f"https://auth.thinkube.test:{port}/elsewhere")
    assert answer.text == f"minio.thinkube.test:{port} /there"
    assert [cookie.domain for cookie in session.cookies] == ["auth.thinkube.test"]


def test_a_name_that_the_certificate_does_not_hold_is_refused(authority: Any, port: int) -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(authority[0]))
    with pytest.raises(Unreachable, match=r"deep\.kn\.thinkube\.test") as caught:
        session.get(f"https://deep.kn.thinkube.test:{port}/")
    assert "match" in caught.value.seen


@pytest.mark.parametrize("verify", [True, False], ids=["as-it-is", "asked-not-to-verify"])
def test_another_ca_is_never_trusted(port: int, verify: bool) -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(certificate("stranger", None)[0]))
    with pytest.raises(Unreachable) as caught:
        session.get(f"https://auth.thinkube.test:{port}/", verify=verify)
    assert "certificate verify failed" in caught.value.seen


def test_a_refused_certificate_is_explained_with_both_sides_and_a_command(port: int) -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(certificate("stranger", None)[0]))
    with pytest.raises(Unreachable) as caught:
        session.post(f"https://auth.thinkube.test:{port}/", data="x")
    assert "trusted: CN=stranger (sha256 " in caught.value.cause
    assert caught.value.next_command == "pytest features/ -m cert-manager"


def test_a_ca_that_was_replaced_is_asked_for_again(authority: Any, port: int) -> None:
    known = [pem(certificate("the one before", None)[0])]
    session = http.session({"thinkube.test": "127.0.0.1"}, lambda: known[-1])
    with pytest.raises(Unreachable):
        session.get(f"https://auth.thinkube.test:{port}/")
    known.append(pem(authority[0]))
    assert session.get(f"https://auth.thinkube.test:{port}/").ok
    assert http.sibling(session).get(f"https://auth.thinkube.test:{port}/").ok


def test_the_machines_ca_bundle_and_proxies_are_not_asked(authority: Any, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "/absent.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(authority[0]))
    assert session.get(f"https://auth.thinkube.test:{port}/").ok


def test_nobody_listening_is_unreachable_and_shows_no_query() -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, "")
    with pytest.raises(Unreachable) as caught:
        session.get("http://auth.thinkube.test:9/callback?code=secret")
    assert "refused" in caught.value.seen
    assert "secret" not in str(caught.value)


def test_a_read_is_repeated_when_its_connection_breaks(authority: Any, port: int) -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(authority[0]))
    assert session.get(f"https://auth.thinkube.test:{port}/break").ok
    assert Echo.reads == 2


@pytest.fixture
def told(authority: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[requests.Session, list[str]]:
    """A session, and what it was told to wait for; the pauses are told too, and take no time."""
    words: list[str] = []
    monkeypatch.setattr("urllib3.Retry.sleep", lambda *_: words.append("pause"))
    return http.watched(http.session({"thinkube.test": "127.0.0.1"}, pem(authority[0])), words.append), words


AGAIN = "GET https://auth.thinkube.test/callback: [Errno 111] Connection refused, asked again"


def test_what_is_asked_again_is_told_before_each_pause_without_the_query(told: Any) -> None:
    session, words = told
    with pytest.raises(Unreachable):
        session.get("https://auth.thinkube.test:9/callback?code=s3cret-code")
    assert words == [AGAIN, "pause"] * 3


def test_a_broken_read_is_told(told: Any, port: int) -> None:
    session, words = told
    assert session.get(f"https://auth.thinkube.test:{port}/break").ok
    [first, *rest] = words
    assert first.startswith("GET https://auth.thinkube.test/break: ")
    assert (first.endswith(", asked again"), rest) == (True, ["pause"])


def test_no_credential_is_told(told: Any) -> None:
    session, words = told
    with pytest.raises(Unreachable):
        session.get("https://auth.thinkube.test:9/tokens/eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln")
    assert words[0].startswith("GET https://auth.thinkube.test/tokens/(secret): ")


def test_the_pools_and_the_siblings_of_a_watched_session_tell_too(told: Any) -> None:
    session, words = told
    for ask in (http.sibling(session).request, http.pool_manager(session).request):
        words.clear()
        with pytest.raises((Unreachable, urllib3.exceptions.HTTPError)):
            ask("GET", "https://auth.thinkube.test:9/callback?code=s3cret-code")
        assert words == [AGAIN, "pause"] * 3


def test_a_watched_session_has_the_origin_of_the_one_it_was_made_from(told: Any) -> None:
    session, _ = told
    first = http.origin(session)
    assert first is not session
    assert http.origin(http.watched(session, print)) is first is http.origin(first)


def test_a_sibling_shares_the_way_but_not_the_cookies(authority: Any, port: int) -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(authority[0]))
    session.get(f"https://auth.thinkube.test:{port}/elsewhere")
    other = http.sibling(session)
    assert not other.cookies
    assert other.get(f"https://auth.thinkube.test:{port}/").ok


def test_the_pools_below_a_session_resolve_and_verify_too(authority: Any, port: int) -> None:
    session = http.session({"thinkube.test": "127.0.0.1"}, pem(authority[0]))
    url = f"https://minio.thinkube.test:{port}/x"
    answer = http.pool_manager(session).request("GET", url, headers={"Host": f"minio.thinkube.test:{port}"})
    assert answer.data.decode() == f"minio.thinkube.test:{port} /x"


def test_statuses_become_refused_or_unreachable() -> None:
    answer = requests.Response()
    answer.status_code, answer.reason, answer._content = 403, "Forbidden", b"no " * 400
    with pytest.raises(Refused) as refused:
        http.checked(answer, "client minio")
    assert len(refused.value.seen) < 300
    for passing in (429, 500, 503):
        answer.status_code = passing
        with pytest.raises(Unreachable):
            http.checked(answer, "client minio")
    answer.status_code = 204
    assert http.checked(answer, "client minio") is answer


def test_a_fault_of_the_servers_own_leads_to_its_log() -> None:
    answer = requests.Response()
    for status, command in ((500, "kubectl logs one"), (503, "thinkube status"), (403, "thinkube status")):
        answer.status_code, answer._content = status, b""
        with pytest.raises(ThinkubeError) as refused:
            http.checked(answer, "client minio", log_command="kubectl logs one")
        assert refused.value.next_command == command
