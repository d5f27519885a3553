"""Which programs the packages source needs, and which a browser does, and the one command that installs what this machine lacks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from converge import surroundings
from converge.errors import Missing

PACKAGES = {
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "skopeo": "skopeo",
    "go": "golang-go",
    "mvn": "maven",
    "dpkg-deb": "dpkg",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
"""Program → the Debian package that brings it."""

BROWSER = {"chromium-headless-shell": "chromium-headless-shell", "certutil": "libnss3-tools"}
"""Program → Debian package, for scenarios that look at pages: a browser, and what tells it whom to trust."""

INSTEAD = {"chromium-headless-shell": "chromium"}
"""Program → another that does as well where it is there already: the same browser with everything that draws windows."""

LIBRARIES = {"libseccomp.so.2": "libseccomp2"}
"""Library → its Debian package: runc, which is unpacked rather than installed, is linked against it."""


def browser() -> str | None:
    """Where the browser is: ``/usr/bin/chromium-headless-shell``; None without one."""
    return surroundings.which("chromium-headless-shell") or surroundings.which(INSTEAD["chromium-headless-shell"])


def missing(programs: Mapping[str, str] = PACKAGES) -> list[str]:
    """The Debian packages that bring what is not on this machine."""
    packages = absent(programs)
    folders = [folder for root in (Path("/lib"), Path("/usr/lib")) for folder in (root, *root.glob("*-linux-gnu"))]
    packages += [package for library, package in LIBRARIES.items() if not any((folder / library).exists() for folder in folders)]
    return sorted(set(packages))


def absent(programs: Mapping[str, str]) -> list[str]:
    """The Debian packages of the programs that cannot be found."""
    return [package for program, package in programs.items() if not _found(program)]


def command(packages: Iterable[str]) -> str:
    """The one command that installs them: ``apt-get install -y --no-install-recommends buildah skopeo``."""
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}"


def require() -> None:
    """See that everything is there.

    Raises:
        Missing: names all that is not, and the one command that installs it.
    """
    packages = missing()
    if packages:
        raise Missing(
            "the programs that build images",
            seen=f"not installed: {', '.join(packages)}",
            cause="images and node programs are built here from package registries",
            next_command=command(packages),
        )


def _found(program: str) -> bool:
    if program == "go":
        from converge.images.go import present

        return present() is not None
    return any(surroundings.which(name) for name in (program, INSTEAD.get(program)) if name)


def main(arguments: list[str]) -> int:
    """``python -m converge.images.tools`` prints the command; ``--install`` runs it."""
    packages = missing(PACKAGES | BROWSER)
    if not packages:
        return 0
    if "--install" not in arguments:
        sys.stdout.write(f"{command(packages)}\n")
        return 1
    from converge.process import run

    run(["apt-get", "update", "-q"], builds=True)
    run(command(packages).split(), timeout_s=1800, builds=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
