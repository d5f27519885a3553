"""Events: something is sent, a workflow starts; nobody but those who may uses the bus between."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_bdd import given, then, when

from converge.acceptance.throwaway import ThrowawayPods
from converge.apis.argo import GROUP_VERSION
from converge.components.argo_events import consumers
from converge.components.argo_workflows.component import NAMESPACE
from converge.components.argo_workflows.consumers import ending_with, phase, wait_until_ended
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.workloads import IMAGE


@dataclass(frozen=True)
class Sender:
    """Somebody in the cluster who sends HTTP requests to an event source, which is at ``host``."""

    run: consumers.Run
    host: str


@given("a throw-away event source with a sensor that starts a workflow", target_fixture="sender")
def throwaway_source(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> Iterator[Sender]:
    spec = ending_with(platform.context.image(IMAGE), 0)
    with consumers.listening(platform.access, spec, inventory.deadlines.component_s) as host:
        yield Sender(_somebody(platform, throwaway_pods), host)


@when("somebody sends an event", target_fixture="named")
def send_event(platform: Platform, inventory: Inventory, sender: Sender) -> Iterator[str]:
    name = f"{consumers.PREFIX}{secrets.token_hex(4)}"
    consumers.wait_until_answered(sender.run, sender.host, name, inventory.deadlines.component_s)
    yield name
    platform.api.delete("Workflow", name, NAMESPACE, api_version=GROUP_VERSION)


@then("the workflow that the event names succeeds")
def named_workflow_succeeds(platform: Platform, inventory: Inventory, named: str) -> None:
    assert phase(wait_until_ended(platform.access, named, inventory.deadlines.component_s)) == "Succeeded"


@then("a request to another path is told that there is no such page")
def no_such_page(sender: Sender, inventory: Inventory) -> None:
    consumers.wait_until_answered(sender.run, sender.host, "nobody", inventory.deadlines.component_s, "/elsewhere", 404)


@then("the bus answers nobody who shows no certificate")
def bus_refuses_strangers(platform: Platform, throwaway_pods: ThrowawayPods) -> None:
    said = consumers.ask_bus(_somebody(platform, throwaway_pods))
    assert '"tls_verify":true' in said, said
    assert "PONG" not in said, said


def _somebody(platform: Platform, throwaway_pods: ThrowawayPods) -> consumers.Run:
    """A pod that belongs to nobody here."""
    node = platform.cluster().nodes[-1].name
    pod = throwaway_pods.on(node)[node]
    return lambda argv, stdin: throwaway_pods.run(pod, argv, stdin)
