"""What a component holds in its own admin API, where no part that others use describes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from converge.components.part import Part
from converge.components.terms import Access, Context, Probe, Setting


class Holds(Part):
    """Settings of the component's own: ``Holds(lambda context, access: [Zone(context, access)], requires=["control-node"])``.

    With ``first`` they are written before its objects, for what its pods need at their start. ``probes`` say how it is seen that they work.
    """

    def __init__(
        self,
        made: Callable[[Context, Access], Sequence[Setting]],
        *,
        requires: Sequence[str] = (),
        first: bool = False,
        probes: Sequence[Probe] = (),
    ) -> None:
        self.requires = requires
        self._probes = probes
        self._made = made
        self._is_first = first

    def probes(self) -> Sequence[Probe]:
        """See ``Part.probes``."""
        return self._probes

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        return self._made(context, access) if self._is_first else ()

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return () if self._is_first else self._made(context, access)
