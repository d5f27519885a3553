"""Who may speak to the API server: its structured authentication file, which it reloads while it runs."""

from __future__ import annotations

import hashlib
import re
import time

from converge.errors import NotReady, Refused, ThinkubeError
from converge.kubernetes.client import Api
from converge.nodes.kubeadm.configuration import AUTHENTICATION
from converge.nodes.kubeadm.machine import Machine
from converge.nodes.kubeadm.plan import Plan

RELOAD_S = 150.0
"""An event of the file may pass the API server by, it looks once a minute; and it tries the issuers for another minute."""

IN_FORCE = re.compile(r'^apiserver_authentication_config_controller_last_config_info\{.*\bhash="sha256:([0-9a-f]+)".*\} 1$', re.MULTILINE)
FAILURES = re.compile(r'^apiserver_authentication_config_controller_automatic_reloads_total\{.*\bstatus="failure".*\} (\S+)$', re.MULTILINE)


PATH = f"{AUTHENTICATION}/config.yaml"


def read(control: Machine) -> str:
    """The file's text."""
    return control.read(PATH)[PATH]


def write(plan: Plan, control: Machine, text: str) -> None:
    """Replace the file at once and wait until the API server has taken it, or says why it does not.

    Raises:
        Refused: it is not valid; the configuration before is in force again, in the file as well.
        NotReady: no answer for 150 s.

    It is asked what is in force, not how often it reloaded: one that restarts meanwhile takes the file without counting it.
    Source: Kubernetes 1.34, structured authentication configuration, metrics of the API server.
    """
    before = read(control)
    if text == before:
        return
    with Api.from_kubeconfig(plan.kubeconfig) as api:
        failed = failures(api.read("/metrics"))
        control.write(PATH, text, mode=0o600)
        until = time.monotonic() + RELOAD_S
        while time.monotonic() < until:
            time.sleep(0.25)  # a metric cannot be watched
            try:
                metrics = api.read("/metrics")
            except ThinkubeError:
                continue
            if in_force(metrics, text):
                return
            failed = min(failed, failures(metrics))  # one that started again counts from nothing
            if failures(metrics) > failed:
                complaint = _complaint(control)
                control.write(PATH, before, mode=0o600)
                raise Refused(
                    "a valid AuthenticationConfiguration",
                    seen=complaint or "the API server refused it",
                    next_command="pytest features/ -m control-node",
                )
    raise NotReady(
        "the API server working with the new AuthenticationConfiguration", seen=_complaint(control) or f"no reload in {RELOAD_S:.0f} s"
    )


def in_force(metrics: str, text: str) -> bool:
    """Whether this text is what the API server works with, by its own metrics."""
    return hashlib.sha256(text.encode()).hexdigest() in IN_FORCE.findall(metrics)


def failures(metrics: str) -> float:
    """How often it could not take the file, since it started."""
    return sum(float(value) for value in FAILURES.findall(metrics))


def _complaint(control: Machine) -> str:
    """The API server's last words about it."""
    lines = [line for line in control.said("kube-apiserver", "authentication config").words.splitlines() if " err=" in line]
    return lines[-1].partition(" err=")[2].strip('"')[:512] if lines else ""
