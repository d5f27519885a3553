"""Which platform a cluster is: its name and domain, remembered in the cluster by the first run that writes.

Kept in the ConfigMap ``thinkube-system/platform``. A run for another platform is refused before it writes anything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from converge.errors import Refused
from converge.kubernetes.objects import SYSTEM_NAMESPACE

if TYPE_CHECKING:
    from converge.inventory import Inventory
    from converge.kubernetes.client import Api

NAME = "platform"


@dataclass(frozen=True)
class Identity:
    """``Identity("homelab", "lab.thinkube.test", "inventory/homelab.yaml")``; the file is where its first writer read it, "" if unknown."""

    name: str
    domain_name: str
    inventory: str = ""

    @classmethod
    def of(cls, inventory: Inventory) -> Identity:
        """The platform that an inventory describes."""
        return cls(inventory.name, inventory.domain_name, inventory.file)

    def is_same(self, other: Identity) -> bool:
        """Whether both are one platform; the inventory's file may move."""
        return (self.name, self.domain_name) == (other.name, other.domain_name)

    def __str__(self) -> str:
        made_by = f" (made by {self.inventory})" if self.inventory else ""
        return f"platform {self.name} at {self.domain_name}{made_by}"


def find(api: Api) -> Identity | None:
    """The platform that the cluster remembers; None where nothing was written yet, or by a release that did not remember."""
    data = (api.find("ConfigMap", NAME, SYSTEM_NAMESPACE) or {}).get("data") or {}
    known = {field.name: data[field.name] for field in fields(Identity) if field.name in data}
    return Identity(**known) if {"name", "domain_name"} <= known.keys() else None


def refuse_another(api: Api, inventory: Inventory) -> None:
    """See that the cluster is this inventory's platform, or nobody's.

    Raises:
        Refused: it is another one.
    """
    found, wanted = find(api), Identity.of(inventory)
    if found is None or found.is_same(wanted):
        return
    pairs = (("name", found.name, wanted.name), ("domain", found.domain_name, wanted.domain_name))
    changes = " and ".join(f"its {what} from {old} to {new}" for what, old, new in pairs if old != new)
    raise Refused(
        f"to write to {wanted}",
        seen=f"this cluster is {found}, and this run would change {changes}",
        cause="the kubeconfig or the inventory is another platform's; nothing was written",
        next_command=f"pytest features/ --plan --inventory {found.inventory or 'FILE'}",
    )


def remember(api: Api, inventory: Inventory) -> None:
    """Write down whose cluster this is, once; the caller holds the platform."""
    if find(api) is None:
        data = asdict(Identity.of(inventory))
        api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": SYSTEM_NAMESPACE}, "data": data})
