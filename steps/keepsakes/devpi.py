"""devpi keeps a package that was uploaded."""

from __future__ import annotations

from collections.abc import Iterator

from converge.acceptance import packages
from converge.apis.devpi import PackageIndexes
from converge.components.devpi import consumers
from converge.components.devpi.server import PRODUCTION
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.keepsakes import Check, keepsake
from steps.packages import index_has


@keepsake("devpi")
def uploaded(platform: Platform, inventory: Inventory, indexes: PackageIndexes) -> Iterator[Check]:
    with consumers.removed_afterwards(inventory, platform.access, packages.throwaway()) as release:
        indexes.upload(PRODUCTION, release)
        yield lambda: index_has(platform, inventory, release)
