"""Runs the graph: what is independent at the same time, what depends after what it requires, each component once."""

from __future__ import annotations

from typing import Protocol

from converge.engine.outcome import Outcome


class Convergence(Protocol):
    """What a step asks; the same in the converging process and in those that wait for it."""

    def wait_for(self, name: str) -> Outcome:
        """Wait until the component has converged.

        Raises:
            Blocked: it, or something that it requires, did not converge.
            Unavailable: it cannot exist with this inventory.
        """

    def again(self, name: str) -> Outcome:
        """Converge it a second time, now (under ``--verify-only``: plan it); ``changes`` says what was (would be) written.

        Raises:
            Blocked: it, or something that it requires, did not converge.
        """
