"""Which way leads to a URL: through the proxies of this machine's owner, or directly."""

import pytest

from converge import proxies

PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_a_proxy_every_way_is_direct():
    assert proxies.proxy("https://api.example:6443") == ""
    assert proxies.variables() == {}


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_each_variable_is_understood_in_either_case(monkeypatch, name):
    monkeypatch.setenv(name, PROXY)
    assert proxies.proxy("https://api.example:6443") == PROXY


def test_each_scheme_has_its_own(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    assert proxies.proxy("https://api.example") == ""
    assert proxies.proxy("http://api.example") == PROXY


def test_a_proxy_without_a_scheme_speaks_http(monkeypatch):
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    assert proxies.proxy("https://api.example") == PROXY


@pytest.mark.parametrize("url", ["https://127.0.0.1:6443", "https://localhost", "https://[::1]:6443", "https://127.1.2.3"])
def test_this_machine_is_never_asked_for_through_one(monkeypatch, url):
    monkeypatch.setenv("ALL_PROXY", PROXY)
    assert proxies.proxy(url) == ""


@pytest.mark.parametrize(
    ("entry", "url", "direct"),
    [
        ("*", "https://api.example", True),
        ("api.example", "https://api.example", True),
        ("example", "https://api.example", True),
        (".example", "https://api.example", True),
        ("*.example", "https://api.example", True),
        ("EXAMPLE", "https://api.example", True),
        ("ample", "https://api.example", False),
        ("api.example:6443", "https://api.example:6443", True),
        ("api.example:6443", "https://api.example", False),
        ("api.example:443", "https://api.example", True),
        ("192.0.2.0/24", "https://192.0.2.7:6443", True),
        ("192.0.2.0/24", "https://198.51.100.7", False),
        ("192.0.2.7", "https://192.0.2.7", True),
        ("2001:db8::/32", "https://[2001:db8::7]:6443", True),
        ("other.example, api.example", "https://api.example", True),
        ("other.example api.example", "https://api.example", True),
        (".", "https://api.example", False),
    ],
)
def test_exceptions_are_names_addresses_ranges_and_ports(monkeypatch, entry, url, direct):
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", entry)
    assert (proxies.proxy(url) == "") == direct


def test_a_program_is_told_in_both_cases_and_of_the_proxy_for_all(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", PROXY)
    monkeypatch.setenv("http_proxy", "http://other.example:1")
    monkeypatch.setenv("NO_PROXY", "near.example")
    told = proxies.variables()
    assert told == {
        "http_proxy": "http://other.example:1",
        "HTTP_PROXY": "http://other.example:1",
        "https_proxy": PROXY,
        "HTTPS_PROXY": PROXY,
        "no_proxy": "near.example",
        "NO_PROXY": "near.example",
    }


def test_a_proxy_is_shown_without_its_password():
    assert proxies.without_password("http://me:secret@proxy.example:3128") == PROXY
