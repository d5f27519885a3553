"""Somebody else's object is in the way of a write: the run says whose and ends early; a plain run heals once it is gone."""

import pytest
from place import until

from converge.errors import Unreachable

pytestmark = pytest.mark.fault

NAMESPACE = "ingress"
FINALIZER = "example.test/kept"
KEPT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": NAMESPACE, "finalizers": [FINALIZER]}}

HURT = ("Service", "traefik-internal", NAMESPACE)
HOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "example-hold"},
    "webhooks": [
        {
            "name": "hold.example.test",
            "clientConfig": {"service": {"namespace": "default", "name": "nobody"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["services"], "operations": ["CREATE", "UPDATE"]}],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
    ],
}


def test_a_foreign_finalizer_keeps_a_namespace(place, seen):
    """A namespace is kept in Terminating by somebody's finalizer: the run names finalizer and object well before the deadline."""
    place.converge("ingress").require()
    place.api.create(KEPT)
    place.api.delete("Namespace", NAMESPACE)
    try:
        run = place.begin("ingress")
        run.says(f"finalizer {FINALIZER} of ConfigMap")
        done = run.end()
    finally:
        place.api.patch("ConfigMap", "kept", NAMESPACE, {"metadata": {"finalizers": None}})
    outcome = done.outcomes["ingress"]
    assert outcome.result == "failed"
    for words in (FINALIZER, "kept", "next:   kubectl "):
        assert words in outcome.text, outcome.text
    again = place.converge("ingress").require()
    place.assert_settled("ingress")
    seen(f"said who after {done.seconds:.0f} s; with it taken off healed in {again.seconds:.1f} s")


def test_a_foreign_webhook_that_leads_to_nobody(place, seen):
    """Somebody's admission webhook calls a Service that is not there: the run names it, what it calls and what to type, and ends early."""
    place.converge("ingress").require()
    place.api.patch(*HURT, {"spec": {"selector": {"app": "elsewhere"}}})
    try:
        place.api.create(HOOK)
        until(lambda: is_held(place), "the webhook to be called")
        run = place.begin("ingress")
        run.says('service "nobody" not found')
        done = run.end()
    finally:
        place.api.delete(HOOK["kind"], HOOK["metadata"]["name"])
    outcome = done.outcomes["ingress"]
    assert outcome.result == "failed"
    for words in ("nothing happened there for", 'service "nobody" not found', "example-hold", "next:   kubectl "):
        assert words in outcome.text, outcome.text
    again = place.converge("ingress").require()
    place.assert_settled("ingress")
    seen(f"said who after {done.seconds:.0f} s; with it deleted healed in {again.seconds:.1f} s")


def is_held(place):
    """Whether the API server calls the webhook by now: it hears of one a moment after it was written."""
    try:
        place.api.view(patience_s=0).patch(*HURT, {"metadata": {"annotations": {"example.test/tried": "true"}}}, dry_run=True)
    except Unreachable as error:
        return 'service "nobody" not found' in error.seen
    return False
