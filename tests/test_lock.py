"""The lock file: an older pip installs from it too, whatever newer releases there are by then."""

from __future__ import annotations

from collections import defaultdict
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"


def locked() -> dict[str, Requirement]:
    lines = [line.removesuffix("\\") for line in LOCK.read_text().splitlines() if "==" in line and not line.startswith(("#", " "))]
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, lines)}


def test_what_is_asked_for_with_an_extra_is_pinned_with_it() -> None:
    """Otherwise pip before 23.3 takes the newest release for the extra, and refuses it for not being pinned."""
    wanted = defaultdict[str, set[str]](set)
    pins = locked()
    for distribution in distributions():
        if canonicalize_name(distribution.name) in pins:
            for requirement in map(Requirement, distribution.requires or ()):
                if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                    wanted[canonicalize_name(requirement.name)] |= requirement.extras
    assert {name: extras - pins[name].extras for name, extras in wanted.items() if extras - pins[name].extras} == {}
    assert any(wanted.values())
