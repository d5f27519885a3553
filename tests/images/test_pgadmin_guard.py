"""What stands before pgAdmin in its pod: it says who asks where the login proxy vouches for that, and refuses everybody else."""

from __future__ import annotations

import base64
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from converge.images.catalog import recipe


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("guarded", recipe("pgadmin") / "guarded.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "password").write_text("right\n")

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [repr(environ.get("REMOTE_USER")).encode()]

    guarded = module.Guarded(application, tmp_path / "password")

    def ask_once(path: str = "/browser/", **environ: str) -> tuple[str, str]:
        answered: list[str] = []
        body = guarded({"PATH_INFO": path, **environ}, lambda status, headers: answered.append(status))
        return answered[0], b"".join(body).decode()

    return ask_once


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"margaret:{password}".encode()).decode()


def test_who_is_vouched_for_is_named(ask: Any) -> None:
    said = ask(HTTP_AUTHORIZATION=basic("right"), HTTP_X_FORWARDED_PREFERRED_USERNAME="margaret")
    assert said == ("200 OK", "'margaret'")


@pytest.mark.parametrize("authorization", ["", basic("wrong"), basic(""), "Basic not-base64", "Bearer right", "Basic \u00e9"])
def test_anybody_else_is_refused_whatever_the_headers_say(ask: Any, authorization: str) -> None:
    status, said = ask(HTTP_AUTHORIZATION=authorization, HTTP_X_FORWARDED_PREFERRED_USERNAME="margaret", REMOTE_USER="margaret")
    assert status.startswith("401")
    assert "margaret" not in said


def test_that_it_lives_is_told_to_everybody_and_nobody_is_named(ask: Any) -> None:
    assert ask("/misc/ping", REMOTE_USER="margaret") == ("200 OK", "None")
