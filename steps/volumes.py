"""Volumes: claims are met, and what was written stays."""

from __future__ import annotations

import secrets

from pytest_bdd import given, parsers, then, when

from converge.acceptance import volumes, workload_faults
from converge.acceptance.throwaway import ThrowawayPods
from converge.engine.platform import Platform
from converge.kubernetes import workloads


@then("exactly one storage class is the default")
def one_default_class(platform: Platform) -> None:
    assert len(volumes.default_classes(platform.api)) == 1, volumes.default_classes(platform.api)


@given("a throw-away volume", target_fixture="claim")
def throwaway_volume(throwaway_pods: ThrowawayPods) -> str:
    return volumes.claim(throwaway_pods, f"throw-away-{secrets.token_hex(4)}")


@when(parsers.re(r'a pod writes "(?P<text>[^"]+)" to the volume and is deleted'))
def write_and_delete(throwaway_pods: ThrowawayPods, claim: str, text: str) -> None:
    writer = throwaway_pods.make(f"{claim}-writer", claim=claim)
    throwaway_pods.run(writer, ["sh", "-c", "cat > /data/note"], stdin=text)
    throwaway_pods.remove(writer)


@then(parsers.re(r'another pod reads "(?P<text>[^"]+)" from the volume'))
def read_again(throwaway_pods: ThrowawayPods, claim: str, text: str) -> None:
    reader = throwaway_pods.make(f"{claim}-reader", claim=claim)
    assert throwaway_pods.run(reader, ["cat", "/data/note"]) == text


@then(parsers.re(r'what "(?P<name>[^"]+)" keeps outlives its pods'))
def kept_on_volumes(platform: Platform, name: str) -> None:
    running = workloads.live(platform.api, platform.objects(name), workloads.LASTING)
    keeping = [one for one in running if one["kind"] == "StatefulSet" or volumes.claimed(one["spec"]["template"])]
    faults = workload_faults.without_volumes(keeping)
    assert keeping, f"{name} has neither a StatefulSet nor pods with a claim"
    assert not faults, "\n".join(faults)
    unbound = volumes.unbound(platform.api, workloads.pods(platform.api, keeping))
    assert not unbound, f"no volume behind: {unbound}"
