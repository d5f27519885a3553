"""Somebody else's object is in the way of a write: the run says whose and ends early; a plain run heals once it is gone."""

import pytest

pytestmark = pytest.mark.fault

NAMESPACE = "ingress"
FINALIZER = "example.test/kept"
KEPT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": NAMESPACE, "finalizers": [FINALIZER]}}


def test_a_foreign_finalizer_keeps_a_namespace(place, seen):
    """A namespace is kept in Terminating by somebody's finalizer: the run names finalizer and object well before the deadline."""
    place.converge("ingress").require()
    place.api.create(KEPT)
    place.api.delete("Namespace", NAMESPACE)
    try:
        run = place.begin("ingress")
        run.says(f"finalizer {FINALIZER} of ConfigMap")
        done = run.end(400)
    finally:
        place.api.patch("ConfigMap", "kept", NAMESPACE, {"metadata": {"finalizers": None}})
    outcome = done.outcomes["ingress"]
    assert outcome.result == "failed"
    for words in (FINALIZER, "kept", "next:   kubectl "):
        assert words in outcome.text, outcome.text
    again = place.converge("ingress").require()
    place.assert_settled("ingress")
    seen(f"said who after {done.seconds:.0f} s; with it taken off healed in {again.seconds:.1f} s")
