"""A real browser trusts the platform's authority and no other, finds its hosts by itself, and fills in the login form."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from converge import surroundings
from converge.acceptance import browser as module
from converge.acceptance.browser import Chromium
from converge.errors import Missing, NotReady, Refused, Unreachable
from converge.sso import Credentials

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

FORM = """<form method="post" action="/in"><label>Username or email <input name="username"></label>
<label>Password <input name="password" type="password"></label><button>Sign In</button></form>"""
HOME = """<h1>Personal info</h1><label>Username <input value="ada"></label><button disabled>Upload</button>"""


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(HOME if self.headers["Cookie"] else FORM)

    def do_POST(self) -> None:
        right = b"password=right" in self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(HOME if right else f"<p role=alert>Invalid username or password.</p>{FORM}", cookie=right)

    def answer(self, body: str, cookie: bool = False) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        if cookie:
            self.send_header("Set-Cookie", "in=yes; Secure")
        self.end_headers()
        self.wfile.write(f"<title>A page</title>{body}".encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Authority:
    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.made = self.certify("test authority", self.key, ca=True)
        self.pem = self.made.public_bytes(serialization.Encoding.PEM).decode()

    def certify(self, name: str, key: Any, *hosts: str, ca: bool = False) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        builder = x509.CertificateBuilder(named, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(minutes=1))
        builder = builder.not_valid_after(now + datetime.timedelta(hours=1))
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        return builder.sign(self.key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def url(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain: Path = tmp_path_factory.mktemp("tls") / "chain.pem"
    chain.write_bytes(authority.certify("leaf", key, "*.thinkube.test").public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"https://auth.thinkube.test:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium(authority: Authority) -> Iterator[Chromium]:
    started = Chromium("thinkube.test", "127.0.0.1", authority.pem)
    yield started
    started.close()


def test_a_person_signs_in_and_sees_a_page_by_its_accessible_names(chromium: Chromium, url: str) -> None:
    with chromium.window() as window:
        window.sign_in(url, Credentials("ada", "right"))
        window.shows("Personal info", "heading")
        assert window.value("Username") == "ada"
        assert not window.can_press("Upload")
        assert window.screenshot().startswith(b"\x89PNG")


def test_windows_know_nothing_of_each_other(chromium: Chromium, url: str) -> None:
    with chromium.window() as first:
        first.sign_in(url, Credentials("ada", "right"))
        with chromium.window() as second:
            second.visit(url)
            second.shows("Sign In", "button")


def test_a_wrong_password_leaves_the_person_at_the_form(chromium: Chromium, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMES_S", 1.0)
    with chromium.window() as window:
        window.try_to_sign_in(url, Credentials("ada", "wrong"))
        window.shows("Invalid username or password")
        with pytest.raises(NotReady) as error:
            window.shows("Personal info", "heading")
        assert "Invalid username or password" in error.value.seen


def test_a_page_that_another_authority_certified_is_refused(url: str) -> None:
    stranger = Chromium("thinkube.test", "127.0.0.1", Authority().pem)
    try:
        with stranger.window() as window, pytest.raises(Refused, match="CERT_AUTHORITY_INVALID"):
            window.visit(url)
    finally:
        stranger.close()


def test_a_host_that_does_not_answer_is_unreachable(chromium: Chromium) -> None:
    with chromium.window() as window, pytest.raises(Unreachable):
        window.visit("https://auth.thinkube.test:1/")


def test_a_browser_does_not_mind_a_running_event_loop(chromium: Chromium, url: str) -> None:
    async def caller() -> None:
        with chromium.window() as window:
            assert window.visit(url) == 200

    asyncio.run(caller())


def test_a_machine_without_a_browser_is_told_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(surroundings, "SYSTEM_PATH", ())
    with pytest.raises(Missing) as error:
        Chromium("thinkube.test", "127.0.0.1", "")
    assert error.value.next_command == "apt-get install -y --no-install-recommends chromium-headless-shell libnss3-tools"
