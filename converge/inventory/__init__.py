"""The inventory: which nodes, domain, issuer, users, sizes and components."""

from converge.inventory.model import Inventory

__all__ = ["Inventory"]
