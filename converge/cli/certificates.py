"""`thinkube certificates`: what was issued, by whom, until when; and another CA for the whole platform."""

from __future__ import annotations

import argparse

from converge.cli.inventory import add_option, opened
from converge.commands import typed


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group and its commands."""
    group = subparsers.add_parser("certificates", help="list certificates, or give the platform another CA")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="every certificate: its issuer, when it expires, whether the platform's CA signed it")
    listing.set_defaults(handler=_list)
    rotate = commands.add_parser("rotate-ca", help="another CA: first both are trusted, then all is issued anew, then the old one is left")
    rotate.set_defaults(handler=_rotate)
    for command in (listing, rotate):
        add_option(command)


def _list(arguments: argparse.Namespace) -> int:
    from converge import authority
    from converge.components.cert_manager import authority as kept
    from converge.components.cert_manager.issued import every
    from converge.reporting.columns import columns

    with opened(arguments) as platform:
        issued, secret = every(platform.api), kept.find(platform.api)
    rows = [("CERTIFICATE", "ISSUER", "EXPIRES", "CHAIN")]
    for one in issued:
        name = f"{one.ref.namespace}/{one.ref.name}"
        rows.append(
            (name, one.issuer, f"{one.expires:%Y-%m-%d}" if one.expires else "-", one.fault or ("ok" if one.expires else "not issued"))
        )
    print("\n".join(columns(rows)))
    for certificate in authority.certificates(bundle) if (bundle := kept.bundle(secret)) else ():
        print(f"trusted: {authority.describe(certificate)}, until {certificate.not_valid_after_utc:%Y-%m-%d}")
    if kept.phase(secret):
        print(f"a rotation of the CA is under way; {typed('thinkube certificates rotate-ca')} carries on")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from converge.engine.ca_rotation import CaRotation

    with opened(arguments) as platform:
        rotation = CaRotation(platform)
        rotation.run()
    print(f"signs: {rotation.signs}")
    print(f"left:  {rotation.left}")
    print(f"programs outside the cluster trust it once they know it: {typed('thinkube open NAME')} tells how")
    return 0
