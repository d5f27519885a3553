"""The release's three Deployments, fitted to this platform.

One replica each, replaced and never doubled, so nobody has to be elected leader: they work from their first second, and an API server
that restarts does not take them with it.
"""

from __future__ import annotations

from typing import Any

from converge.components import blocks, manifests
from converge.components.terms import Context, KubernetesObject

IMAGES = {
    "cert-manager": "cert-manager-controller",
    "cert-manager-webhook": "cert-manager-webhook",
    "cert-manager-cainjector": "cert-manager-cainjector",
}
"""The image of each Deployment."""

CLOUDFLARE_RESOLVERS = "1.1.1.1:53,1.0.0.1:53"
"""Asked whether a challenge's record is there: they belong to who serves the zone."""

# The cainjector serves nothing but its profiler, so the probes ask that; no Service leads there.
_PROFILER = 6060
_PROBED = {
    "cert-manager": ("/metrics", "/metrics", 9402),
    "cert-manager-webhook": ("/healthz", "/livez", 6080),
    "cert-manager-cainjector": ("/debug/pprof/", "/debug/pprof/", _PROFILER),
}


def fit(released: list[KubernetesObject], context: Context, *, public: bool) -> None:
    """Change the Deployments among a release's objects; ``public``: certificates come from an ACME server, with DNS-01."""
    for name, image_name in IMAGES.items():
        deployment = manifests.only(released, "Deployment", name)
        if name != "cert-manager-webhook":
            deployment["spec"]["strategy"] = {"type": "Recreate"}
        pod = deployment["spec"]["template"]["spec"]
        pod |= {"securityContext": blocks.pod_security(1000), "terminationGracePeriodSeconds": 5}
        ready, alive, port = _PROBED[name]
        container = pod["containers"][0]
        container |= {
            "image": context.image(image_name),
            "args": _arguments(name, container, public=public),
            "resources": blocks.resources("25m/500m", "128Mi/512Mi"),
            "securityContext": blocks.locked_down(),
            "readinessProbe": blocks.http_probe(ready, port, period_s=1),
            "livenessProbe": blocks.http_probe(alive, port, period_s=20),
        }


def _arguments(name: str, container: dict[str, Any], *, public: bool) -> list[str]:
    """The release's arguments without what belongs to leader election and to solvers that are not used here."""
    dropped = ("--leader-election-namespace", "--acme-http01-solver-image")
    kept = [argument for argument in container["args"] if not argument.startswith(dropped)]
    if name == "cert-manager-webhook":
        return kept
    if name == "cert-manager-cainjector":
        return [*kept, "--leader-elect=false", "--enable-profiling", f"--profiler-address=:{_PROFILER}"]
    # The cluster's own DNS answers for the domain itself and would never see the challenge's record.
    outside = ["--dns01-recursive-nameservers-only", f"--dns01-recursive-nameservers={CLOUDFLARE_RESOLVERS}"] if public else []
    return [*kept, "--leader-elect=false", *outside]
