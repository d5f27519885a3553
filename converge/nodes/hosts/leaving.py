"""How a host stops being a node: its programs end, and on request everything that we brought goes, data included."""

from __future__ import annotations

from converge.nodes.hosts.host_files import NETWORK, RESOLV_BEFORE, UNITS, unit, with_names
from converge.nodes.hosts.machine import LOGS, OWN, PIDS, HostMachine
from converge.nodes.hosts.setup import HOSTS, RESOLV

GRACE_S = 5

# Containers are asked first, then ended: the first process of each is a child of a shim, and takes with it what runs beside it.
_END = """
shims() { pgrep -f '^/opt/thinkube/bin/containerd-shim-runc-v2 '; }
inside() { for pid in $(shims); do pgrep -P "$pid"; done; }
kill -TERM $(inside) 2>/dev/null
for round in $(seq $((GRACE * 10))); do [ -z "$(inside)" ] && break; sleep 0.1; done
kill -9 $(inside) $(shims) 2>/dev/null
for round in $(seq 100); do [ -z "$(shims)" ] && break; sleep 0.1; done
:
"""
_UNMOUNT = """
for round in 1 2 3; do
    awk '{print $2}' /proc/mounts | grep -E '^/(var/lib/kubelet|var/lib/containerd|run/containerd|run/netns/cni-)' | sort -r |
        while read -r place; do umount "$(printf %b "$place")" 2>/dev/null || umount -l "$(printf %b "$place")"; done
done
ls /run/netns 2>/dev/null | grep '^cni-' | while read -r name; do ip netns del "$name" 2>/dev/null || rm -f "/run/netns/$name"; done
"""
_RULES = """
for command in iptables ip6tables; do
    if $command-save 2>/dev/null | grep -q KUBE-; then $command-save | grep -v KUBE- | $command-restore; fi
done
:
"""
_FOLDERS = (
    *("/etc/kubernetes", "/etc/thinkube", "/opt/thinkube", "/opt/local-path-provisioner", "/run/thinkube", LOGS),
    *("/var/lib/kubelet", "/var/lib/etcd", "/var/lib/containerd", "/var/lib/cni", "/run/containerd", "/run/cni"),
    *("/var/log/pods", "/var/log/containers", "/var/log/kubernetes", "/etc/containerd", "/etc/cni", "/opt/containerd"),
)
_FILES = ("/etc/systemd/resolved.conf.d/thinkube.conf",)


def stop(machine: HostMachine, *, grace_s: int = GRACE_S) -> None:
    """End every program of ours on a host, the kubelet first, so that nothing is started again; data stays."""
    machine.end("kubelet")
    machine.script(f"GRACE={grace_s}\n{_END}", timeout_s=120)
    for program in reversed(OWN[:-1]):
        machine.end(program)
    if machine.has_systemd:
        slices = "systemctl stop kubepods.slice 2>/dev/null"  # what systemd made for the kubelet
        machine.script(f"systemctl disable --quiet {' '.join(map(unit, OWN))} 2>/dev/null; {slices}; :")


def leave(machine: HostMachine) -> None:
    """Take everything of ours away from a host, data included."""
    stop(machine, grace_s=0)
    machine.script(f"if [ -f {NETWORK} ]; then /bin/sh {NETWORK} leave; fi\n{_UNMOUNT}{_RULES}", timeout_s=120)
    units = " ".join(f"{UNITS}/{unit(name)}" for name in OWN)
    machine.script(
        f"if [ -e {RESOLV_BEFORE}.link ] || [ -L {RESOLV_BEFORE}.link ]; then mv -f {RESOLV_BEFORE}.link {RESOLV}; fi\n"
        f"rm -f {units} {' '.join(_FILES)}\n"
        f"rm -rf {' '.join(_FOLDERS)} {PIDS}\n"
        + ("systemctl daemon-reload; systemctl reset-failed 'thinkube-*' 2>/dev/null; :" if machine.has_systemd else ":")
    )
    before = machine.read(HOSTS).get(HOSTS, "")
    if (after := with_names(before, "")) != before:
        machine.write(HOSTS, after)
