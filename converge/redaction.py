"""No secret leaves in a text: known values in every form in which they travel, and what looks like a credential."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import threading
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

MARK = "(secret)"
_SHORTEST = 6
_COMMON = frozenset({"changeit", "default", "password", "passwort", "postgres", "secret", "keycloak", "thinkube", "tkadmin", "minioadmin"})


class _Pattern:
    """What a credential looks like. ``words``, in small letters: one of them is in all that it finds, and most texts have none."""

    def __init__(self, *words: str, pattern: str, any_case: bool = True) -> None:
        self._words = words
        self._any_case = any_case
        self._pattern = re.compile(pattern)
        self._in_any_case = re.compile(pattern, re.IGNORECASE) if any_case else self._pattern

    def spans(self, text: str, lowered: str) -> Iterator[tuple[int, int]]:
        """Where it is in a text; ``lowered`` is the text in small letters, which is looked through several times as fast, or ""."""
        if lowered and not any(word in lowered for word in self._words):
            return
        found = self._pattern.finditer(lowered) if lowered and self._any_case else self._in_any_case.finditer(text)
        for match in found:
            yield match.span(match.lastgroup or 0)


# Every pattern is linear: a fixed text begins it, and what follows is one run or is bounded.
_PATTERNS = (
    _Pattern(
        "-----begin ",
        pattern=r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]{0,40}PRIVATE KEY-----|[\s\S]*\Z)",
        any_case=False,
    ),
    _Pattern("eyj", pattern=r"eyJ(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){2,4}", any_case=False),
    _Pattern(
        "authorization",
        pattern=r"authorization(?<!\wauthorization)[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?(?:[a-z]{1,20}[ \t]+)?(?P<secret>[^\s\"',;]{6,})",
    ),
    _Pattern("bearer", pattern=r"bearer(?<!\wbearer)[ \t]+(?P<secret>[a-z0-9._~+/=-]{16,})"),
    _Pattern(
        *("passw", "passphrase", "client_secret", "_token", "api", "access"),
        pattern=r"(?:password|passwd|passphrase|client_secret|(?:access|refresh|id)_token|api[_-]?key|secret_?access_?key)"
        r"\\?[\"']?[ \t]{0,8}[=:][ \t]{0,8}"
        r"(?:\\\"(?P<nested>[^\"\\\n]+)|\"(?P<double>(?:[^\"\\\n]|\\.)+)|'(?P<single>[^'\n]+)|(?P<secret>[^\s\"'&,;(){}\[\]<>\\]+))",
    ),
    _Pattern("://", pattern=r"://[^\s/:@\"']{0,128}:(?P<secret>[^\s/@\"']{1,256})@"),
)


class Redactor:
    """Secret values that were seen, and how to take them out of a text; may be used from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()
        self._values: frozenset[str] = frozenset()

    def add(self, value: str) -> None:
        """Remember a secret value; short and common ones are left out: replacing them would garble every text."""
        if len(value.strip()) < _SHORTEST or value.strip().lower() in _COMMON or value in self._values:
            return
        with self._lock:
            self._values |= {value}
            self._forms = tuple(sorted({*self._forms, *forms(value)}, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """``redact("Authorization: Bearer s3cr3t-t0ken")`` is ``"Authorization: Bearer (secret)"``."""
        spans = sorted([*self._known(text), *_patterned(text)])
        if not spans:
            return text
        pieces: list[str] = []
        position = 0
        for start, end in spans:
            if start >= position:
                pieces += (text[position:start], MARK)
            position = max(position, end)
        return "".join([*pieces, text[position:]])

    def _known(self, text: str) -> Iterator[tuple[int, int]]:
        for form in self._forms:
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form)
                start = text.find(form, start + 1)


def forms(value: str) -> set[str]:
    """The value as it is, and as it stands in URLs, JSON, HTML and base64 (wherever in the encoded bytes it begins)."""
    texts = {value, value.strip(), quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1], html.escape(value)}
    texts |= {json.dumps(value, ensure_ascii=False)[1:-1], html.escape(value, quote=False)}
    raw = value.encode(errors="surrogateescape")
    for before in range(3):
        # Characters at the edges share bits with the neighbours; those between are the value's own.
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        start = (before * 8 + 5) // 6
        core = encoded[start : (before + len(raw)) * 8 // 6]
        texts |= {core, core.replace("+", "-").replace("/", "_")}
    return {text for text in texts if len(text) >= _SHORTEST}


def _patterned(text: str) -> Iterator[tuple[int, int]]:
    lowered = text.lower() if text.isascii() else ""  # beyond ASCII there are other small letters that "i", "k" and "s" stand for
    for pattern in _PATTERNS:
        yield from ((start, end) for start, end in pattern.spans(text, lowered) if text[start:end] != MARK)


REDACTOR = Redactor()
"""The process's own: whoever reads a secret value adds it, whoever writes a text asks it."""


def redact(text: str) -> str:
    """Take every known secret out of a text."""
    return REDACTOR.redact(text)


class RedactingFilter(logging.Filter):
    """Takes secrets out of a record's message, exception and stack."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place and let it pass."""
        try:
            message = record.getMessage()
        except Exception:  # a wrong log call must not become a failure of the work that logs
            message = f"{record.msg} {record.args}"
        record.msg, record.args = redact(message), None
        if record.exc_info:
            record.exc_text = redact(record.exc_text or _FORMATTER.formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


_FORMATTER = logging.Formatter()
_installing = threading.Lock()


def install() -> None:
    """Redact every log record of this process from now on; asking again changes nothing.

    A filter on the root logger would miss what other loggers pass on to its handlers, and one on its handlers those that
    are added later; records themselves are made in one place.
    """
    with _installing:
        make = logging.getLogRecordFactory()
        if getattr(make, "redacts", False):
            return
        redacting = RedactingFilter()

        def make_redacted(*args: object, **kwargs: object) -> logging.LogRecord:
            record = make(*args, **kwargs)
            redacting.filter(record)
            return record

        make_redacted.redacts = True  # type: ignore[attr-defined]
        logging.setLogRecordFactory(make_redacted)
