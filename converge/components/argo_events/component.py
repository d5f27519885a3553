"""Argo Events: something happens, and a workflow starts: event sources put events on a bus, sensors take them and act.

The bus is a NATS server with JetStream that stands here by itself (the product's "exotic" bus). The one that its controller would make
wants two more programs beside it, and its clients verify nobody's certificate; here both sides show one of the platform's CA.
Source: Argo Events 1.9 documentation ("EventBus", "JetStream Exotic"); NATS documentation ("TLS Authentication", "JetStream").
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.argo_workflows.component import NAMESPACE
from converge.components.component import Component
from converge.components.part import Part
from converge.components.parts.followed import FollowedCertificate
from converge.components.parts.held import Holds
from converge.components.parts.manifests import Manifests, Release, into
from converge.components.parts.service_account import ServiceAccount
from converge.components.parts.trust import ServerCertificate
from converge.components.parts.volume import Volume
from converge.inventory import Inventory

FILES = (
    "argoproj.io_eventbus.yaml",
    "argoproj.io_eventsources.yaml",
    "argoproj.io_sensors.yaml",
    "argo-events-sa.yaml",
    "argo-events-role.yaml",
    "argo-events-role-binding.yaml",
    "controller-config.yaml",
)
BUS = f"event-bus.{NAMESPACE}.svc"
CLIENT = f"event-bus-client.{NAMESPACE}.svc"
"""The name by which the bus knows those who may use it; nothing answers there."""
STARTER = "workflow-starter"
"""The account of sensors that start workflows, and may do nothing else."""


class ArgoEvents(Component):
    """CORE-008: events that start workflows."""

    name = "argo-events"
    issue = "CORE-008"
    namespace = NAMESPACE
    called = "Argo Events"
    keeps = "events"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: the release's kinds and rights, the bus with its certificates, and the controller."""
        volume = Volume(self, "2Gi")
        server = ServerCertificate(self, [BUS], name="event-bus")
        client = ServerCertificate(self, [CLIENT], name="event-bus-client", usages=["client auth"])
        servers = Manifests(
            self,
            images=["argo-events", "nats-server"],
            requires=["argo-workflows"],
            volume=volume,
            server=server,
            client=client,
            client_name=CLIENT,
            url=f"nats://{BUS}:4222",
        )
        return (
            volume,
            server,
            client,
            Release("argo-events", FILES, into(NAMESPACE)),
            ServiceAccount(self, name=STARTER, rules=[{"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["create"]}]),
            servers,
            Holds(lambda _, access: [FollowedCertificate(NAMESPACE, "event-bus", server.secret_name, access.api)]),
        )
