"""Images for what scenarios run in throw-away pods, beside those that components brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.engine.platform import Platform


def load_everywhere(platform: Platform, image: str) -> None:
    """Give every node an image: throw-away pods run on every node, also where ordinary pods do not."""
    cluster = platform.cluster()
    everywhere = [node.name for node in cluster.nodes]
    cluster.load_images({platform.images.reference(image): platform.images.archive(image)}, everywhere)
