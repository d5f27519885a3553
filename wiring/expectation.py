"""What a run that begins without a cluster will do, and about how long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.engine.platform import Platform

WARM = "about 7 minutes on 2 quiet cores"
COLD = "an hour or more on 2 cores where nothing is cached, once"
"""Seen: docs/performance.md."""


def expectation(platform: Platform) -> str:
    """``first 12 of 17 images are built or pulled …, then the nodes start and 14 components converge: …``."""
    there = [component for name, component in platform.components.items() if name not in platform.unavailable]
    wanted = dict.fromkeys(image for component in there for image in component.images)
    absent = [image for image in wanted if not platform.images.cached(image)]
    then = f"the nodes start and {len(there)} components converge and are verified: {WARM}"
    if not absent:
        return f"next: {then} (all {len(wanted)} images are cached)"
    made = f"{len(absent)} of {len(wanted)} images are built or pulled, with what the nodes run: {COLD}"
    return f"next: {made};\n      then {then}; long work says how far it is at least every 30 s"
