"""DNS: every name of the platform's domain leads to the ingress, for pods and for nodes (CoreDNS).

CoreDNS and its Corefile belong to whoever made the cluster. What is ours is one server block for the domain, between two marker lines at
the end of that file, and an annotation that restarts CoreDNS when the file changed: it would notice by itself only after up to 90 s, each
replica at its own time.
Source: CoreDNS 1.14, plugins template, errors, cache.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.dns.zone import Zone
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.terms import Access, Context, Probe, Setting
from converge.inventory import Inventory


class Dns(Component):
    """CORE-001: the domain resolves wherever the platform runs."""

    name = "dns"
    issue = "CORE-001"
    called = "DNS"
    keeps_nothing = "every name follows from the inventory"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: the domain's server block in CoreDNS."""
        # Every name of the domain resolves, whichever it is.
        return (Holds(_zone, requires=["control-node"], probes=[Probe("name", inventory.host("any"))]),)


def _zone(context: Context, access: Access) -> Sequence[Setting]:
    domain = context.inventory.domain_name
    return (Zone(domain, context.ingress_address, access.api, deadline_s=context.inventory.deadlines.component_s),)
