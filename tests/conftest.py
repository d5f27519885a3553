"""What every test of the harness has in common."""

from hypothesis import settings

# A busy machine is slow now and then; how long things may take is said by the tests that measure it.
settings.register_profile("harness", deadline=None)
settings.load_profile("harness")
