"""How long a test waits before it says that something hangs."""

HANG_S = 120
"""So long that no busy machine reaches it. It only ends what would never end: a test's truth must not depend on it."""
