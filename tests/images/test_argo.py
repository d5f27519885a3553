"""What is added to Argo Workflows' module: its own tests, in Go."""

from __future__ import annotations

import threading

import pytest

from converge.images import go
from converge.images.catalog import GoArtifact, load, recipe
from converge.process import run

PACKAGE = "github.com/argoproj/argo-workflows/v3/workflow/executor/osspecific"


@pytest.mark.skipif(go.present() is None, reason="Go tests its own")
def test_the_executors_half_for_linux_keeps_its_promises() -> None:
    artifact = load().artifacts["argo"]
    assert isinstance(artifact, GoArtifact)
    with go.workspace(artifact, recipe("argo"), threading.Event()) as place:
        # As the programs are compiled, so that most of it lies in the compiler's cache.
        env = {"GOFLAGS": "-mod=readonly -trimpath", "GOWORK": "off", "CGO_ENABLED": "0"}
        done = run([go.go_program(), "test", "-vet=off", "-timeout=60s", PACKAGE], cwd=place, env=env, timeout_s=600)
    assert "ok" in done.stdout
