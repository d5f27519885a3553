from pathlib import Path

import pytest

from converge.errors import Missing
from converge.inventory.model import SecretSource
from converge.redaction import redact


def test_a_secret_that_was_read_is_redacted_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_TOKEN", "pl4nted-canary-value-1\n")
    assert redact("seen pl4nted-canary-value-1") == "seen pl4nted-canary-value-1"
    assert SecretSource(from_env="CLOUDFLARE_TOKEN").read() == "pl4nted-canary-value-1"
    assert redact("seen pl4nted-canary-value-1") == "seen (secret)"


def test_a_file_holds_only_the_value(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pl4nted-canary-value-2\n")
    assert SecretSource(from_file=tmp_path / "token").read() == "pl4nted-canary-value-2"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe\x00"], ids=["absent", "empty", "blank", "not text"])
def test_a_file_without_a_value_is_missing(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(Missing):
        SecretSource(from_file=tmp_path / "token").read()


def test_a_variable_that_is_not_set_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    with pytest.raises(Missing, match="NOT_SET"):
        SecretSource(from_env="NOT_SET").read()
