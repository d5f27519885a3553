"""`thinkube open`: where a component is, and what a person's own browser needs to get there."""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converge.components.component import Component
    from converge.engine.platform import Platform


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    from converge.cli.inventory import add_option

    parser = subparsers.add_parser("open", help="print a component's URL, and how a browser finds, trusts and signs in to it")
    parser.add_argument("name", metavar="NAME", help="of a component, such as keycloak")
    parser.add_argument("--password", action="store_true", help="print only the password of the platform's first user")
    add_option(parser)
    parser.set_defaults(handler=_open)


def _open(arguments: argparse.Namespace) -> int:
    from converge.cli.inventory import chosen
    from converge.engine.platform import Platform
    from converge.errors import ThinkubeError

    platform = Platform(chosen(arguments))
    component = platform.component(arguments.name)
    hosts = [endpoint.host for endpoint in component.endpoints()]
    if not hosts:
        with_hosts = [name for name, other in platform.components.items() if other.endpoints()]
        raise ThinkubeError(
            "a component with a web address",
            seen=f"{component.name} has none",
            cause=f"these have one: {', '.join(with_hosts)}",
            next_command="thinkube status",
        )
    if arguments.password:
        print(_password(platform))
        return 0
    platform.cluster()
    again = _command(arguments)
    sections = [
        [component.name, *(f"  https://{host}" for host in hosts)],
        _names(hosts, platform.context.ingress_address),
        _trust(platform),
        _login(platform, component, again),
    ]
    print("\n\n".join("\n".join(lines) for lines in sections if lines))
    return 0


def _names(hosts: Sequence[str], address: str) -> list[str]:
    """The line for /etc/hosts, unless the names already lead there."""
    unknown = [host for host in hosts if address not in _addresses(host)]
    return [f"To find it, add to /etc/hosts:\n  {address} {' '.join(unknown)}"] if unknown else []


def _addresses(host: str) -> set[str]:
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def _trust(platform: Platform) -> list[str]:
    """How to trust the platform's CA, unless certificates are public."""
    if platform.inventory.issuer.kind != "private-ca":
        return []
    file = shlex.quote(str(_ca_file(platform)))
    name = f"thinkube-{platform.inventory.name}"
    system = f"/usr/local/share/ca-certificates/{name}.crt"
    return [
        f"To trust it, its CA is in {file}:",
        f"  system    sudo install -m 644 {file} {system} && sudo update-ca-certificates",
        f'  Chromium  certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n {name} -i {file}   (Debian package libnss3-tools)',
        "  Firefox   Settings, Privacy & Security, View Certificates, Authorities, Import: that file, for websites",
    ]


def _ca_file(platform: Platform) -> Path:
    """The CA as a file, beside the cluster's other files; written anew, because a cluster of the same name may have had another."""
    from converge.errors import Missing
    from converge.places import state_folder

    pem = platform.ca_pem()
    file = state_folder() / platform.inventory.name / "ca.crt"
    try:
        if not file.is_file() or file.read_text() != pem:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(pem)
            file.chmod(0o644)
    except OSError as error:
        raise Missing(
            f"to write {file}", seen=error.strerror or "", next_command="the same with sudo, or with THINKUBE_STATE=FOLDER"
        ) from error
    return file


def _login(platform: Platform, component: Component, again: str) -> list[str]:
    """Who signs in, where Keycloak knows people for this component."""
    from converge.inventory.model import closure

    requires = {name: other.requires for name, other in platform.components.items()}
    if "keycloak" not in closure([component.name], requires):
        return []
    return [f"To sign in: {platform.inventory.admin_username}, whose password is shown by:\n  {again} --password"]


def _password(platform: Platform) -> str:
    from converge.components.keycloak.realm import PERSON_SECRET

    return platform.access.secret("keycloak", PERSON_SECRET, "password")


def _command(arguments: argparse.Namespace) -> str:
    """This command as it can be typed again."""
    from converge.cli.inventory import DEFAULT

    program = "thinkube" if Path(sys.argv[0]).name == "thinkube" else f"{Path(sys.executable).name} -m converge"
    inventory = [] if arguments.inventory == DEFAULT else ["--inventory", os.fspath(arguments.inventory)]
    return shlex.join([*program.split(), "open", arguments.name, *inventory])
