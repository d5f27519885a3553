"""Instances of a component's own kinds: which come first, and certificates whose first issuance fails."""

from __future__ import annotations

import threading

from converge.components.component import Component
from converge.engine.outcome import Result

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
FAILED = [{"type": "Issuing", "status": "False", "reason": "Failed", "message": "CSR not signed by referenced private key"}]
READY = [{"type": "Ready", "status": "True", "observedGeneration": 1}]


def certificate(name: str) -> dict:
    return {"apiVersion": API, "kind": "Certificate", "metadata": {"name": name, "namespace": "default"}, "spec": {"secretName": name}}


class Issuers(Component):
    name, issue = "issuers", "CORE-003"
    needed_first = frozenset({"Certificate default/ca"})

    def objects(self, context):
        return [DEFINITION, certificate("leaf"), certificate("ca")]


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


def established() -> list[dict]:
    return [{"type": "Established", "status": "True"}]


def converged(empty_bench, failures: int):
    empty_bench.only(Issuers())
    controller = Controller(empty_bench.fake_api, failures)
    controller.start()
    try:
        return empty_bench.converge(), controller
    finally:
        controller.over.set()


def test_what_others_need_is_ready_before_they_are_written(empty_bench) -> None:
    outcome, controller = converged(empty_bench, failures=0)
    assert outcome.result is Result.CONVERGED, outcome.text
    assert controller.issued == ["ca", "leaf"]
    assert outcome.changes[-2:] == ("create Certificate default/ca", "create Certificate default/leaf")


def test_a_certificate_whose_issuance_failed_is_asked_for_again(empty_bench) -> None:
    outcome, controller = converged(empty_bench, failures=2)
    assert outcome.result is Result.CONVERGED, outcome.text
    assert outcome.changes.count("ask again for Certificate default/ca") == 2
    assert controller.issued == ["ca", "leaf"]


def test_a_certificate_that_keeps_failing_is_a_failure_with_its_reason(empty_bench) -> None:
    outcome, controller = converged(empty_bench, failures=9)
    assert outcome.result is Result.FAILED
    assert "its issuance failed: CSR not signed by referenced private key" in outcome.text
    assert controller.issued == []
