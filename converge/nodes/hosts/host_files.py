"""What stands in files of a host before its programs start, and what systemd is told of these programs."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from converge.nodes.hosts.facts import RECORD
from converge.nodes.hosts.plan import HostsPlan, Traits
from converge.nodes.kubeadm import configuration
from converge.nodes.kubeadm.node_files import LOGIN, LOGIN_PROGRAM, pod_network, runtime
from converge.nodes.kubeadm.plan import Member
from converge.surroundings import NODE

NETWORK = "/etc/thinkube/network.sh"
RESOLV_BEFORE = "/etc/thinkube/resolv.conf.before"
UNITS = "/etc/systemd/system"
ROUTES = 86
"""The number by which the kernel knows our routes (protocol, as of `ip route`): nobody else's are touched."""
AFTER = {"network": (), "containerd": ("network",), "kubelet": ("containerd",)}
"""The programs of a host, each after those that it needs."""


class File(NamedTuple):
    """A file's text and mode."""

    text: str
    mode: int = 0o644


def commands(node: Member) -> dict[str, list[str]]:
    """What each program of a host is started with."""
    return {
        "network": ["/bin/sh", NETWORK, "stay"],
        "containerd": ["containerd", "--config", "/etc/containerd/config.toml"],
        "kubelet": configuration.kubelet_command(node),
    }


def unit(name: str) -> str:
    """``thinkube-kubelet.service``."""
    return f"thinkube-{name}.service"


def contents(plan: HostsPlan, node: Member) -> dict[str, File]:
    """Path → file, of everything that is ours on a host as long as it is a node."""
    traits = plan.traits.get(node.name, Traits())
    found = {
        "/etc/cni/net.d/10-thinkube.conflist": File(pod_network(node)),
        "/etc/containerd/config.toml": File(runtime(systemd=traits.has_systemd)),
        f"{configuration.CREDENTIALS}/config.yaml": File(configuration.text(configuration.credential_provider(plan))),
        LOGIN_PROGRAM: File(LOGIN, 0o755),
        NETWORK: File(network(plan, node)),
        RECORD: File(record(plan, node)),
    }
    if traits.has_systemd:
        found |= {f"{UNITS}/{unit(name)}": File(service(plan, name, argv)) for name, argv in commands(node).items()}
    if traits.has_resolved:
        found["/etc/systemd/resolved.conf.d/thinkube.conf"] = File(
            f"[Resolve]\nDNS={plan.dns_address}\nDomains=~{plan.domain} ~cluster.local\n"
        )
    return found


def record(plan: HostsPlan, node: Member) -> str:
    """What a host remembers of the cluster that it belongs to."""
    known = {"cluster": plan.name, "node": node.name, "role": node.role, "address": node.address, "share": plan.shares[node.name]}
    return json.dumps(known, indent=2) + "\n"


def names(plan: HostsPlan) -> str:
    """The part of a host's /etc/hosts that is ours."""
    lines = "\n".join(f"{node.address} {node.name}" for node in plan.nodes)
    return f"# thinkube {plan.name}: begin\n{lines}\n# thinkube: end\n"


def with_names(text: str, part: str) -> str:
    """A hosts file with our part in place of an earlier one; "" takes it out."""
    rest = re.sub(r"# thinkube \S+: begin\n(?:.*\n)*?# thinkube: end\n", "", text if text.endswith("\n") or not text else text + "\n")
    return rest + part


def resolv_conf(plan: HostsPlan, before: str) -> str:
    """Where a host looks for names: first in the cluster, which knows the platform's, then where it did before."""
    lines = [line for line in before.splitlines() if line.split()[:1] in (["nameserver"], ["search"], ["domain"])]
    head = f"# thinkube: the cluster's DNS knows the platform's names; what was here before is in {RESOLV_BEFORE}\n"
    return head + "\n".join([f"nameserver {plan.dns_address}", *lines, "options timeout:2 attempts:1"]) + "\n"


def upstream(before: str) -> str:
    """Whom the cluster's DNS asks for all other names: never itself, and nobody that only the host reaches."""
    servers = re.findall(r"^nameserver\s+(\S+)", before, re.MULTILINE)
    return "".join(f"nameserver {one}\n" for one in servers if not one.startswith(("127.", "::1"))) or "nameserver 192.0.2.1\n"


def service(plan: HostsPlan, name: str, argv: list[str]) -> str:
    """The unit of one program."""
    program, *words = argv
    after = " ".join(("network-online.target", *map(unit, AFTER[name])))
    path = program if program.startswith("/") else f"/opt/thinkube/bin/{program}"
    environment = " ".join(f'"{key}={value}"' for key, value in NODE.items())
    return f"""\
[Unit]
Description=Thinkube, cluster {plan.name}: {name}
Wants=network-online.target
After={after}

[Service]
ExecStart={" ".join((path, *words))}
Environment={environment}
Restart=always
RestartSec=2
KillMode={"control-group" if name == "network" else "process"}
Delegate=yes
OOMScoreAdjust=-900
LimitNOFILE=1048576
TasksMax=infinity

[Install]
WantedBy=multi-user.target
"""


def network(plan: HostsPlan, node: Member) -> str:
    """A script that gives a host its routes to the pods of all others, and does so again whenever its links change."""
    others = [other for other in plan.nodes if other is not node]
    routes = "\n".join(f"    ip route replace {other.pods} via {other.address} proto {ROUTES}" for other in others)
    wanted = " ".join(str(one) for one in (plan.pod_subnet, *(other.pods for other in others)))
    to_nodes = "\n".join(f"-A THINKUBE-OUT -d {one.address}/32 -j RETURN" for one in plan.nodes)
    return f"""\
# Written by thinkube: routes to the pods of the cluster's other nodes, and pods' ways out of the cluster.
set -u
apply() {{
    echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 0 >/proc/sys/net/ipv4/icmp_ratelimit 2>/dev/null # "unreachable" is said to every pod that asks, at once
{routes or "    :"}
    # An address of the pod range that no node has must not travel through the home network.
    ip route replace unreachable {plan.pod_subnet} proto {ROUTES}
    # Those of nodes that have left.
    for old in $(ip route show proto {ROUTES} | sed 's/^unreachable //' | cut -d' ' -f1); do
        case " {wanted} " in *" $old "*) ;; *) ip route del "$old" proto {ROUTES} ;; esac
    done
    # A pod that asks a Service before kube-proxy knows it is told at once.
    ip rule show | grep -q "from {plan.pod_subnet} to {plan.service_subnet} unreachable" ||
        ip rule add from {plan.pod_subnet} to {plan.service_subnet} unreachable
    # What pods say to the outside comes from the node; nodes and pods know each other's addresses.
    iptables-restore -w --noflush <<'END'
*nat
:THINKUBE-OUT - [0:0]
-A THINKUBE-OUT -d {plan.pod_subnet} -j RETURN
{to_nodes}
-A THINKUBE-OUT -j MASQUERADE
COMMIT
*filter
:THINKUBE-PODS - [0:0]
-A THINKUBE-PODS -s {plan.pod_subnet} -j ACCEPT
-A THINKUBE-PODS -d {plan.pod_subnet} -j ACCEPT
COMMIT
END
    iptables -w -t nat -C POSTROUTING -s {plan.pod_subnet} -j THINKUBE-OUT 2>/dev/null ||
        iptables -w -t nat -A POSTROUTING -s {plan.pod_subnet} -j THINKUBE-OUT
    # Others, such as Docker, let nothing be forwarded that they do not know.
    iptables -w -C FORWARD -j THINKUBE-PODS 2>/dev/null || iptables -w -I FORWARD -j THINKUBE-PODS
}}
leave() {{
    ip route flush proto {ROUTES} 2>/dev/null
    ip rule del from {plan.pod_subnet} to {plan.service_subnet} unreachable 2>/dev/null
    iptables -w -t nat -D POSTROUTING -s {plan.pod_subnet} -j THINKUBE-OUT 2>/dev/null
    iptables -w -D FORWARD -j THINKUBE-PODS 2>/dev/null
    for chain in "-t nat THINKUBE-OUT" "-t filter THINKUBE-PODS"; do
        iptables -w ${{chain% *}} -F ${{chain##* }} 2>/dev/null && iptables -w ${{chain% *}} -X ${{chain##* }}
    done
    return 0
}}
case $1 in
leave) leave ;;
once) apply ;;
stay)
    apply
    # A link that comes back has lost its routes.
    ip -o monitor link address | while read -r line; do
        case $line in *veth*) ;; *) apply ;; esac
    done
    ;;
esac
"""
