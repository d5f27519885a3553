"""The inventory: which nodes, domain, issuer, users, sizes and components."""

from converge.inventory.model import Inventory
from converge.inventory.reading import read

__all__ = ["Inventory", "read"]
