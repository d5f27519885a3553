"""What a run ran with: versions, the machine, the inventory; never a secret, and no name of the machine or its user."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import yaml

from converge.inventory import Inventory
from converge.reporting.results import ImageUse

if TYPE_CHECKING:
    from converge.components.component import Component
    from converge.images.store import Images

_PACKAGES = ("pytest", "pytest-bdd", "pytest-xdist", "gherkin-official", "kubernetes")


@cache
def product_version() -> str:
    """The version of this harness: ``0.1.0``."""
    return _version("thinkube") or "unreleased"


def environment(versions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Rows of the report: ``(("Thinkube", "0.1.0"), ("Kubernetes", "v1.37.2"), …)``; ``versions`` are what the cluster says of itself."""
    packages = ", ".join(f"{name} {found}" for name in _PACKAGES if (found := _version(name)))
    return (
        ("Thinkube", product_version()),
        *versions.items(),
        ("Python", platform.python_version()),
        ("Python packages", packages),
        *_machine(),
    )


def image_uses(components: Iterable[Component], images: Callable[[], Images]) -> tuple[ImageUse, ...]:
    """What these components run; ``images`` is opened only where one of them runs something."""
    uses = []
    for component in components:
        for name in component.images:
            published = images().catalog.images[name].upstream
            uses.append(ImageUse(component.name, name, published[0] if published else "", images().reference(name)))
    return tuple(uses)


def inventory_text(inventory: Inventory) -> str:
    """The inventory with its defaults, as YAML; it says where secrets are, and never holds one."""
    return yaml.safe_dump(inventory.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)


def _machine() -> tuple[tuple[str, str], ...]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        ("Operating system", _distribution()),
        ("Kernel", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("Processors", str(len(os.sched_getaffinity(0)))),
        ("Memory", f"{memory:.0f} GiB"),
    )


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
