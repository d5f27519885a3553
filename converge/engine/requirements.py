"""Whether this machine has what converging a platform needs, and the cluster is that platform's, before anything is touched."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from converge.errors import Missing

if TYPE_CHECKING:
    from converge.engine.platform import Platform


def check(platform: Platform) -> None:
    """See that this machine has what converging needs, and that a cluster which runs already is this platform's.

    Raises:
        Missing: everything that it lacks.
        Refused: the cluster is another platform's.
    """
    missing = []
    for look in (platform.provider.check, partial(_check_builder, platform)):
        try:
            look()
        except Missing as error:
            missing.append(error)
    if len(missing) > 1:
        seen, commands = ("\n".join(filter(None, texts)) for texts in zip(*((one.seen, one.next_command) for one in missing), strict=True))
        raise Missing("a machine for this platform", seen=seen, next_command=commands)
    if missing:
        raise missing[0]
    if platform.find_cluster():
        from converge.engine.identity import refuse_another

        refuse_another(platform.api.view(patience_s=5), platform.inventory)


def _check_builder(platform: Platform) -> None:
    """Tools are needed only for what is not built yet."""
    wanted = {image for component in platform.components.values() for image in component.images}
    built = filter(platform.images.is_buildable, wanted)
    if platform.inventory.images.source != "upstream" and not all(map(platform.images.cached, built)):
        from converge.images import tools

        tools.require()
