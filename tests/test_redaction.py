import base64
import html
import json
import logging
import string
import threading
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge import redaction
from converge.redaction import MARK, Redactor

CANARY = "k7Hq2ZpX9mTr4VbN"
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=8, max_size=60).filter(
    # Words that everybody uses are left in on purpose, see the test of them below.
    lambda text: len(text.strip()) >= 8 and not set(text) <= set(MARK + " ") and text.strip().lower() not in redaction._COMMON
)
AROUND = st.text(st.characters(codec="utf-8"), max_size=30)

FORMS = {
    "plain": lambda value: value,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "basic authentication": lambda value: base64.b64encode(f"tkadmin:{value}".encode()).decode(),
    "inside encoded JSON": lambda value: base64.b64encode(json.dumps({"password": value}, ensure_ascii=False).encode()).decode(),
    "URL": lambda value: quote(value, safe=""),
    "form": quote_plus,
    "JSON": json.dumps,
    "HTML": html.escape,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_the_form(form: str) -> None:
    redactor = Redactor()
    redactor.add(CANARY)
    encoded = FORMS[form](CANARY)
    redacted = redactor.redact(f"before {encoded} after")
    assert encoded not in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")


@given(value=VALUES, before=AROUND, after=AROUND)
def test_no_secret_survives_wherever_it_stands(value: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.add(value)
    for form in ("plain", "URL", "form", "HTML"):
        assert FORMS[form](value) not in redactor.redact(before + FORMS[form](value) + after)


@given(value=st.binary(min_size=12, max_size=60), offset=st.integers(0, 5))
def test_a_secret_inside_encoded_bytes_is_not_decodable(value: bytes, offset: int) -> None:
    text = value.hex()
    redactor = Redactor()
    redactor.add(text)
    encoded = base64.b64encode(b"x" * offset + text.encode() + b"yz").decode()
    assert MARK in redactor.redact(encoded)
    assert len(redactor.redact(encoded).replace(MARK, "")) <= (offset + 2) * 4 / 3 + 8


@given(values=st.lists(VALUES, min_size=1, max_size=5), text=st.text(max_size=100))
def test_overlapping_secrets_are_all_gone(values: list[str], text: str) -> None:
    redactor = Redactor()
    for value in values:
        redactor.add(value)
    redacted = redactor.redact(text + "".join(values) + text)
    assert not any(value in redacted for value in values)


def test_two_secrets_that_share_letters_leave_nothing_behind() -> None:
    redactor = Redactor()
    redactor.add("abcdefgh")
    redactor.add("efghijkl")
    assert redactor.redact("<abcdefghijkl>") == f"<{MARK}>"


@given(text=st.text(string.ascii_lowercase + " \n.,", max_size=300))
def test_prose_is_left_alone(text: str) -> None:
    assert Redactor().redact(text) == text


@pytest.mark.parametrize("value", ["", "abc", "12345", "postgres", " admin ", "thinkube", "password"])
def test_short_and_common_values_do_not_garble_texts(value: str) -> None:
    redactor = Redactor()
    redactor.add(value)
    assert redactor.redact(f"the {value} of thinkube") == f"the {value} of thinkube"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer (secret)"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic (secret)"),
        ('{"Authorization": "Bearer abcdef123"}', '{"Authorization": "Bearer (secret)"}'),
        ("curl -H 'Bearer 0123456789abcdef0'", "curl -H 'Bearer (secret)'"),
        ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl!", "token (secret)!"),
        ("password=hunter2&user=x", "password=(secret)&user=x"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=(secret) psql"),
        ("Passwd: hunter2", "Passwd: (secret)"),
        ("PassPhrase: hunter2", "PassPhrase: (secret)"),
        ("API-Key=abc", "API-Key=(secret)"),
        ("secretAccessKey: abc", "secretAccessKey: (secret)"),
        ("SECRET_ACCESS_KEY=abc", "SECRET_ACCESS_KEY=(secret)"),
        ("ID_TOKEN=abc", "ID_TOKEN=(secret)"),
        ("é: CLIENT_SECRET=abc", "é: CLIENT_SECRET=(secret)"),
        ("authorızation: Basic dXNlcjpwYXNz", "authorızation: Basic (secret)"),
        ('"password": "with \\"quotes\\" inside", "a": 1', '"password": "(secret)", "a": 1'),
        ("admin-password: 'two words'", "admin-password: '(secret)'"),
        ("client_secret: abc123", "client_secret: (secret)"),
        ('"refresh_token":"abc"', '"refresh_token":"(secret)"'),
        ('log: "{\\"access_token\\":\\"abc\\"}"', 'log: "{\\"access_token\\":\\"(secret)\\"}"'),
        ("postgres://app:s3cr3t@postgres/app", "postgres://app:(secret)@postgres/app"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nrest", "(secret)\nrest"),
        ("-----BEGIN PRIVATE KEY-----\\nMHcC cut off", "(secret)"),
    ],
)
def test_what_looks_like_a_credential_is_taken_out(text: str, wanted: str) -> None:
    assert Redactor().redact(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Secret keycloak/keycloak-admin: unchanged",
        "secretName: wildcard-tls",
        "passwordPolicy: length(8)",
        "wanted: a valid password",
        "https://auth.thinkube.test:443/realms/thinkube",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "Bearer authentication is off",
    ],
)
def test_what_only_speaks_of_credentials_stays(text: str) -> None:
    assert Redactor().redact(text) == text


@given(text=st.text(max_size=200))
def test_redacting_again_changes_nothing(text: str) -> None:
    redactor = Redactor()
    redactor.add(CANARY)
    once = redactor.redact(f"{text} password={CANARY} {CANARY}")
    assert redactor.redact(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "word " * 200_000,
        "a" * 1_000_000,
        "eyJ" * 333_333,
        "-----BEGIN PRIVATE KEY-----" * 37_000,
        "password=" * 111_111,
        "password='" * 100_000,
        'password="\\' * 90_000,
        "://" * 333_333,
        "authorization: " * 66_666,
        "Bearer " * 142_857,
        ('{"kind":"Pod","metadata":{"name":"keycloak-0"},"password":"' + CANARY + '"}\n') * 14_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_megabyte_is_looked_through(text: str) -> None:
    """It ends: a pattern that tries again at every letter would take hours."""
    redactor = Redactor()
    for number in range(60):
        redactor.add(f"value-{number}-{CANARY}")
    assert CANARY not in redactor.redact(text)


def test_many_threads_may_add_and_ask() -> None:
    redactor = Redactor()
    values = [f"secret-value-{number:04}" for number in range(400)]
    threads = [threading.Thread(target=lambda part=values[start::8]: [redactor.add(value) for value in part]) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        redactor.redact("secret-value-0001")
        thread.join()
    assert redactor.redact(" ".join(values)) == " ".join([MARK] * 400)


@pytest.fixture
def _redacted_logs(monkeypatch: pytest.MonkeyPatch):
    before = logging.getLogRecordFactory()
    monkeypatch.setattr(redaction, "REDACTOR", Redactor())
    redaction.REDACTOR.add(CANARY)
    redaction.install()
    redaction.install()
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.usefixtures("_redacted_logs")
def test_no_logger_lets_a_secret_through(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("some.library")
    try:
        raise ValueError(f"cannot log in with {CANARY}")
    except ValueError:
        logger.exception("user %s, password %s", "tkadmin", CANARY, stack_info=True)
    assert CANARY not in caplog.text
    assert "user tkadmin, password (secret)" in caplog.text
    assert "cannot log in with (secret)" in caplog.text


@pytest.mark.usefixtures("_redacted_logs")
def test_a_record_with_wrong_arguments_is_no_new_failure(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("some.library").warning("%d of %d", CANARY)
    assert CANARY not in caplog.text
