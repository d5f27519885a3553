"""The components that a run inside the platform can work on: optional ones that ask nothing of others.

What asks for a database or a client needs the passwords of those who administer them, and so the operator.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.valkey.component import Valkey
from converge.inventory import Inventory

OPTIONAL = "OPT-"
"""How issues of optional components begin."""

PROVISIONED = frozenset(("control-node", "storage", "cert-manager"))
"""What makes nodes, volumes and certificates for whoever asks the API server: nobody's password is needed for it."""

SERVED: tuple[type[Component], ...] = (Valkey,)
"""A test compares them with `is_served` of every component."""


def is_served(component: Component) -> bool:
    """Whether the rights of a run inside would do for a component."""
    return component.issue.startswith(OPTIONAL) and PROVISIONED.issuperset(component.requires) and not component.releases


def served(inventory: Inventory) -> Sequence[Component]:
    """Those that the inventory does not leave out."""
    return [kind(inventory) for kind in SERVED if inventory.options(kind.name).enabled]
