"""Components as others may show them: names, hosts, versions, and how to tell whether they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.components.terms import Listed
from converge.kubernetes.applyset import set_id

if TYPE_CHECKING:
    from converge.components.component import Component
    from converge.images.store import Images


def listed(component: Component, images: Images) -> Listed:
    """A component of the platform, without asking the cluster."""
    versions = {name: images.version(name) for name in component.images}
    return Listed(
        name=component.name,
        called=component.called or component.name,
        issue=component.issue,
        namespace=component.namespace,
        part_of=set_id(component.name),
        versions={name: version for name, version in versions.items() if version},
        endpoints=tuple(component.endpoints()),
        probes=tuple(component.probes()),
    )
