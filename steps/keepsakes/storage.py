"""Storage keeps what a pod wrote to a volume."""

from __future__ import annotations

from converge.acceptance.throwaway import ThrowawayPods
from steps.keepsakes import Check, keepsake
from steps.volumes import read_again, throwaway_volume, write_and_delete

TEXT = "still here"


@keepsake("storage")
def volume(throwaway_pods: ThrowawayPods) -> Check:
    claim = throwaway_volume(throwaway_pods)
    write_and_delete(throwaway_pods, claim, TEXT)
    return lambda: read_again(throwaway_pods, claim, TEXT)
