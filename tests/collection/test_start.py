"""What a start leaves out: libraries that only an open platform needs, and looking for garbage in what stays."""

from __future__ import annotations

import subprocess
import sys

import pytest

from converge.places import source_root

CLIENTS = {"bs4", "cryptography.x509", "httpx", "jinja2", "jwt", "keycloak", "kubernetes", "minio", "playwright", "requests"}
CLIENTS |= {"testinfra", "urllib3", "websocket"}


def test_collecting_imports_no_client_library() -> None:
    script = "import sys, pytest\ncode = pytest.main(['features/', '--collect-only', '-q', '-p', 'no:cacheprovider'])\n"
    script += f"print('clients:', sorted({CLIENTS!r} & set(sys.modules)), int(code))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=source_root())
    assert done.stdout.splitlines()[-1] == "clients: [] 0"


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_scenarios_run_with_the_garbage_collector(project, workers: list[str]) -> None:
    project.write(
        "steps/garbage.py",
        """
        import gc

        from pytest_bdd import then


        @then("garbage is collected")
        def _():
            assert gc.isenabled()
        """,
    )
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", "It stays small | garbage is collected"))
    project.run_apart("features/core/objects.feature", *workers).assert_outcomes(passed=1)
