"""What every test of the harness has in common."""

import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # hanging.py, counting.py, needed.py
sys.path.insert(0, str(Path(__file__).parent / "kubernetes"))  # fake_api.py and what it is made of

from fake_api import FakeApi

# A busy machine is slow now and then; how long things take is measured in benchmarks/.
settings.register_profile("harness", deadline=None)
settings.load_profile("harness")

# Whoever starts the tests in the background of a shell has them ignore interruptions, and so would every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def fake_api() -> Iterator[FakeApi]:
    """A recording API server on the loopback."""
    server = FakeApi()
    yield server
    server.close()
    left = [thread.name for thread in threading.enumerate() if thread.name == "lease"]
    assert not left, "whoever holds a lease lets go of it: renewing it goes on, and on the clock of the next test"
