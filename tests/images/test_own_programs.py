"""The programs that the platform brings itself are tested in their own language."""

import pytest

from converge.errors import Missing
from converge.images import go
from converge.images.catalog import recipe
from converge.process import run


@pytest.mark.parametrize("name", ["minio-console-login", "registry-keeper"])
def test_a_program_of_ours_passes_its_own_tests(name: str) -> None:
    try:
        program = go.go_program()
    except Missing as missing:
        pytest.skip(str(missing))
    done = run([program, "test", "./..."], cwd=recipe(name), env={"GOFLAGS": "-mod=readonly", "GOWORK": "off"}, timeout_s=300)
    assert "ok" in done.stdout
