"""What names lead to: asked from a pod, from a node, and of each replica of the cluster's DNS."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from converge.kubernetes import workloads
from converge.kubernetes.execute import ExecFailed

if TYPE_CHECKING:
    from converge.acceptance.throwaway import ThrowawayPods
    from converge.kubernetes.client import Api
    from converge.nodes.provider import Cluster

NOT_FOUND = 2
"""The exit status of ``getent hosts`` for a name that does not exist."""

# Asks one server by name, without the resolver in between: a question for an A record, and the addresses of the answer.
_QUESTION = r"""
use IO::Socket::INET;
my ($server, $host) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $server, PeerPort => 53, Proto => 'udp') or die $@;
$socket->send(pack('n6', 7, 0x0100, 1, 0, 0, 0) . join('', map { pack('C/a*', $_) } split /\./, $host) . pack('Cnn', 0, 1, 1));
local $SIG{ALRM} = sub { die "no answer from $server\n" };
alarm 3;
$socket->recv(my $answer, 4096);
my $count = unpack('x6n', $answer);
my $rest = substr $answer, 12 + length($host) + 2 + 4;
for (1 .. $count) {
  $rest =~ s/^(?:[\xc0-\xff].|(?:[\x01-\x3f][^\0]*)?\0)//s;
  my ($type, $length) = unpack 'n x2 x4 n', $rest;
  print join('.', unpack 'C4', substr $rest, 10, 4), "\n" if $type == 1;
  $rest = substr $rest, 10 + $length;
}
"""


def from_pods(pods: ThrowawayPods, asking: Iterable[str], host: str) -> dict[str, frozenset[str]]:
    """The IPv4 addresses that each pod finds for a name; empty where the name does not exist."""

    def ask(pod: str) -> frozenset[str]:
        try:
            return _addresses(pods.run(pod, ["getent", "ahostsv4", host]))
        except ExecFailed as failed:
            if failed.code == NOT_FOUND:
                return frozenset()
            raise

    # At the same time: where no DNS server outside answers, each question takes seconds.
    names = list(asking)
    with ThreadPoolExecutor(max_workers=8) as pool:
        return dict(zip(names, pool.map(ask, names), strict=True))


def from_nodes(cluster: Cluster, host: str) -> dict[str, frozenset[str]]:
    """The IPv4 addresses that each node finds for a name; empty where the name does not exist."""
    from converge.nodes.host import host as seen

    return {node.name: frozenset(seen(cluster, node.name).addr(host).ipv4_addresses) for node in cluster.nodes}


def from_replicas(api: Api, pods: ThrowawayPods, pod: str, host: str) -> dict[str, frozenset[str]]:
    """What each replica of CoreDNS answers to a pod that asks it directly."""
    replicas = workloads.pods(api, [api.get("Deployment", "coredns", "kube-system")])
    addresses = {replica["metadata"]["name"]: replica["status"]["podIP"] for replica in replicas}
    return {name: frozenset(pods.run(pod, ["perl", "-e", _QUESTION, address, host]).split()) for name, address in addresses.items()}


def restart(api: Api, deadline_s: float) -> None:
    """Lose every pod of CoreDNS and wait until it serves again."""
    from converge.kubernetes.wait import wait_until_ready

    deployment = api.get("Deployment", "coredns", "kube-system")
    workloads.lose_pods(api, [deployment], deadline_s)
    wait_until_ready(api, [deployment], deadline_s, subject="cluster DNS")


def _addresses(getent: str) -> frozenset[str]:
    return frozenset(line.split()[0] for line in getent.splitlines() if line.strip())
