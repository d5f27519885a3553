"""Instances of a component's own kinds: what their writes wait for, and certificates whose first issuance fails."""

from __future__ import annotations

import threading

from converge.components.component import Component
from converge.engine.outcome import Result
from converge.inventory import Inventory

API = "cert-manager.io/v1"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "certificates.cert-manager.io"},
    "spec": {
        "group": "cert-manager.io",
        "scope": "Namespaced",
        "names": {"kind": "Certificate", "plural": "certificates"},
        "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}],
    },
}
AGENT = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "agent", "namespace": "default"},
    "spec": {"selector": {"matchLabels": {"app": "agent"}}, "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {}}},
}
FAILED = [{"type": "Issuing", "status": "False", "reason": "Failed", "message": "CSR not signed by referenced private key"}]
READY = [{"type": "Ready", "status": "True", "observedGeneration": 1}]


def certificate(name: str) -> dict:
    return {"apiVersion": API, "kind": "Certificate", "metadata": {"name": name, "namespace": "default"}, "spec": {"secretName": name}}


class Issuers(Component):
    name, issue = "issuers", "CORE-003"

    def parts(self, inventory):
        return ()

    def objects(self, context):
        return [DEFINITION, certificate("leaf"), certificate("ca")]


class Waiting(Issuers):
    """Holds something that is not ready before the certificates are there, as an issuer without its CA."""

    def objects(self, context):
        return [*super().objects(context), AGENT]


class Controller(threading.Thread):
    """Issues a Certificate, at once or only when it is asked for by hand after so many failures."""

    def __init__(self, fake_api, failures: int) -> None:
        super().__init__(daemon=True)
        self.fake_api, self.failures, self.over = fake_api, failures, threading.Event()
        self.issued: list[str] = []

    def run(self) -> None:
        while not self.over.wait(0.02):
            if (definition := self.fake_api.find("CustomResourceDefinition", "certificates.cert-manager.io")) is None:
                continue
            if not definition.get("status"):
                self.fake_api.status("CustomResourceDefinition", definition["metadata"]["name"], conditions=established())
            for name in ("leaf", "ca"):
                found = self.fake_api.find("Certificate", name, "default")
                conditions = (found or {}).get("status", {}).get("conditions", [])
                is_asked_for = any(entry["type"] == "Issuing" and entry["status"] == "True" for entry in conditions)
                if found is None or (conditions and not is_asked_for):
                    continue
                if name == "ca" and self.failures:
                    self.failures -= 1
                    self.fake_api.status("Certificate", name, "default", conditions=FAILED)
                else:
                    self.issued.append(name)
                    self.fake_api.status("Certificate", name, "default", conditions=READY)
            if len(set(self.issued)) == 2 and self.fake_api.find("DaemonSet", "agent", "default"):
                self.fake_api.status("DaemonSet", "agent", "default", observedGeneration=1, desiredNumberScheduled=0)


def established() -> list[dict]:
    return [{"type": "Established", "status": "True"}]


def converged(empty_bench, failures: int, component: Component | None = None):
    empty_bench.only(component or Issuers(Inventory()))
    controller = Controller(empty_bench.fake_api, failures)
    controller.start()
    try:
        return empty_bench.converge(), controller
    finally:
        controller.over.set()


def test_no_write_waits_for_what_needs_that_write(empty_bench) -> None:
    outcome, controller = converged(empty_bench, 0, Waiting(Inventory()))
    assert outcome.result is Result.CONVERGED, outcome.text
    api = empty_bench.fake_api.client()
    for name in ("leaf", "ca"):
        api.delete("Certificate.cert-manager.io", name, "default")
    api.delete("CustomResourceDefinition", "certificates.cert-manager.io")
    empty_bench.fake_api.status("DaemonSet", "agent", "default", observedGeneration=1, desiredNumberScheduled=1)
    outcome, controller = converged(empty_bench, 0, Waiting(Inventory()))
    assert outcome.result is Result.CONVERGED, outcome.text
    assert sorted(controller.issued) == ["ca", "leaf"]


def test_a_certificate_whose_issuance_failed_is_asked_for_again(empty_bench) -> None:
    outcome, controller = converged(empty_bench, failures=2)
    assert outcome.result is Result.CONVERGED, outcome.text
    assert outcome.changes.count("ask again for Certificate default/ca") == 2
    assert sorted(controller.issued) == ["ca", "leaf"]


def test_a_certificate_that_keeps_failing_is_a_failure_with_its_reason(empty_bench) -> None:
    outcome, controller = converged(empty_bench, failures=9)
    assert outcome.result is Result.FAILED
    assert "its issuance failed: CSR not signed by referenced private key" in outcome.text
    assert controller.issued == ["leaf"]
