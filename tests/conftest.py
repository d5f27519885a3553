"""What every test of the harness has in common."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "kubernetes"))  # fake_api.py and what it is made of

from fake_api import FakeApi

# A busy machine is slow now and then; how long things may take is said by the tests that measure it.
settings.register_profile("harness", deadline=None)
settings.load_profile("harness")


@pytest.fixture
def fake_api() -> Iterator[FakeApi]:
    """A recording API server on the loopback."""
    server = FakeApi()
    yield server
    server.close()
