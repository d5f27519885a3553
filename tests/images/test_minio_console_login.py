"""The one program that the platform brings itself is tested in its own language."""

import pytest

from converge.errors import Missing
from converge.images import go
from converge.images.catalog import recipe
from converge.process import run


def test_the_bridge_to_the_console_of_minio_passes_its_own_tests() -> None:
    try:
        program = go.go_program()
    except Missing as missing:
        pytest.skip(str(missing))
    done = run(
        [program, "test", "./..."], cwd=recipe("minio-console-login"), env={"GOFLAGS": "-mod=readonly", "GOWORK": "off"}, timeout_s=300
    )
    assert "ok" in done.stdout
