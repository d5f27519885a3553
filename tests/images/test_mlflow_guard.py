"""What stands before MLflow in its pod: only requests that the login proxy vouches for go on."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from converge.images.catalog import recipe


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("guarded", recipe("mlflow") / "guarded.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "password").write_text("right\n")

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send("MLflow")

    guarded = module.Guarded(application, tmp_path / "password")

    def ask_once(kind: str, path: str = "/api", authorization: str = "") -> Any:
        answers: list[Any] = []

        async def send(message: Any) -> None:
            answers.append(message)

        headers = [(b"authorization", authorization.encode("latin-1"))] if authorization else []
        asyncio.run(guarded({"type": kind, "path": path, "headers": headers}, None, send))
        return answers[0]

    return ask_once


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"margaret:{password}".encode()).decode()


def test_who_is_vouched_for_reaches_mlflow(ask: Any) -> None:
    assert ask("http", authorization=basic("right")) == "MLflow"
    assert ask("websocket", authorization=basic("right")) == "MLflow"


@pytest.mark.parametrize("authorization", ["", basic("wrong"), basic(""), "Basic not-base64", "Bearer right", "Basic", "\u00e9"])
def test_anybody_else_is_refused(ask: Any, authorization: str) -> None:
    assert ask("http", authorization=authorization)["status"] == 401
    assert ask("websocket", authorization=authorization)["type"] == "websocket.close"


def test_that_it_lives_is_told_to_everybody(ask: Any) -> None:
    assert ask("http", "/health") == ask("http", "/version") == "MLflow"
    assert ask("http", "/health/../api")["status"] == 401


def test_its_start_is_nobodys_request(ask: Any) -> None:
    assert ask("lifespan") == "MLflow"
