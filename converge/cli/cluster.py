"""`thinkube cluster`: start, stop and delete the cluster of an inventory, look at it, enter a node."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING

from converge.cli.inventory import add_option, chosen
from converge.commands import typed

if TYPE_CHECKING:
    from converge.nodes.provider import NodeProvider


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group and its commands."""
    group = subparsers.add_parser("cluster", help="start, stop, delete or enter the cluster")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    rows = (
        ("start", _start, "create the cluster, or start what is stopped"),
        ("stop", _stop, "stop every process; data stays"),
        ("delete", _delete, "remove the cluster and its data, without a trace"),
        ("status", _status, "nodes, addresses, processes, disk used"),
        ("shell", _shell, "a shell on a node"),
        (
            "authentication",
            _authentication,
            "print what makes an API server accept the platform's login, for clusters that somebody else runs",
        ),
        ("env", _env, 'print what `eval "$(thinkube cluster env)"` needs to point kubectl at it'),
    )
    for name, handler, text in rows:
        command = commands.add_parser(name, help=text)
        if name == "shell":
            command.add_argument("node", nargs="?", default="control", metavar="NODE", help="control (default), worker-1 …")
            command.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND", help="run this instead of a shell")
        if name == "delete":
            command.add_argument("--yes", action="store_true", help="do not ask")
        add_option(command)
        command.set_defaults(handler=handler)


def _start(arguments: argparse.Namespace) -> int:
    from converge.progress import Lines

    cluster = _provider(arguments).start(Lines(sys.stderr))
    for node in cluster.nodes:
        print(f"{node.name}  {node.address}  {node.role}")
    print(f"export KUBECONFIG={cluster.kubeconfig}")
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    _provider(arguments).stop()
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    name = chosen(arguments).name
    if not arguments.yes:
        if not sys.stdin.isatty():
            print(f"this removes cluster {name} with all its data; say --yes", file=sys.stderr)
            return 4
        if input(f"remove cluster {name} with all its data? [y/N] ").strip().lower() not in ("y", "yes"):
            return 1
    _provider(arguments).delete()
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from converge.nodes.embedded.provider import EmbeddedProvider
    from converge.nodes.embedded.status import lines

    provider = _provider(arguments)
    if isinstance(provider, EmbeddedProvider):
        print(typed("\n".join(lines(provider))))
        return 0 if provider.runs() else 1
    cluster = provider.find()
    print(
        "\n".join(f"{node.name}  {node.address}  {node.role}" for node in cluster.nodes)
        if cluster
        else f"{provider.why_not()}\nnext: {typed(provider.next_command())}"
    )
    return 0 if cluster else 1


def _shell(arguments: argparse.Namespace) -> int:
    from converge.errors import Unavailable
    from converge.nodes.embedded.provider import EmbeddedProvider
    from converge.nodes.hosts.provider import HostsProvider
    from converge.process import become

    provider = _provider(arguments)
    if not isinstance(provider, EmbeddedProvider | HostsProvider):
        raise Unavailable(f"a shell on node {arguments.node}", seen="only embedded nodes and hosts offer one")
    argv = provider.shell(arguments.node, arguments.argv)
    become(argv)


def _authentication(arguments: argparse.Namespace) -> int:
    from converge.cli.inventory import opened
    from converge.components.keycloak.kubernetes_login import KubernetesLogin

    with opened(arguments) as platform:
        print(KubernetesLogin(platform.context, platform.read_only_access).text(), end="")
    return 0


def _env(arguments: argparse.Namespace) -> int:
    from converge import proxies
    from converge.errors import NotReady
    from converge.inventory.model import EmbeddedNodes

    provider = _provider(arguments)
    cluster = provider.find()
    if cluster is None:
        raise NotReady("a running cluster", seen=provider.why_not(), next_command=provider.next_command())
    print(f"export KUBECONFIG={shlex.quote(str(cluster.kubeconfig))}")
    inventory = chosen(arguments)
    variables = proxies.variables()
    if variables and isinstance(inventory.nodes, EmbeddedNodes):
        direct = shlex.quote(",".join(filter(None, (variables.get("no_proxy"), inventory.nodes.subnet, f".{inventory.domain_name}"))))
        print(f"export NO_PROXY={direct} no_proxy={direct}")
    return 0


def _provider(arguments: argparse.Namespace) -> NodeProvider:
    from converge.images.store import Images
    from converge.nodes import provider
    from converge.progress import Lines

    inventory = chosen(arguments)
    progress = Lines(sys.stderr)
    return provider(inventory, Images(inventory, progress), progress)
