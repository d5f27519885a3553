"""Images in the hosts' containerd: an archive is read here and imported there, and lies nowhere between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from converge.nodes.hosts.machine import HostMachine

IMAGES = ["ctr", "--namespace", "k8s.io", "images"]
SENDING_S = 900.0


def present(machine: HostMachine) -> set[str]:
    """The names of what a host has."""
    return set(machine.run([*IMAGES, "list", "--quiet"]).stdout.split())


def lacking(machine: HostMachine, archives: Mapping[str, Path]) -> dict[str, Path]:
    """What of these a host has not."""
    there = present(machine)
    return {reference: archive for reference, archive in archives.items() if reference not in there}


def bring(machine: HostMachine, archives: Iterable[Path]) -> None:
    """Send archives to a host and import them, one after the other: they share one connection."""
    for archive in dict.fromkeys(archives):
        machine.run([*IMAGES, "import", "-"], feed=archive, timeout_s=SENDING_S)
