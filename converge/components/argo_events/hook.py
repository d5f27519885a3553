"""An address in the cluster that starts a workflow: the part of a component that works when it is told that something happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from converge.components.argo_events.listening import PORT, host, is_heard, sensor, source, wait_until_listening
from converge.components.differences import absent
from converge.components.part import Owner, Part
from converge.components.terms import Access, Context, Difference, KubernetesObject, Setting
from converge.errors import Unreachable
from converge.kubernetes.failures import ApiRefused

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

EVENT = "happened"


class WorkflowHook(Part):
    """Each POST to ``url`` starts a workflow of a WorkflowTemplate of that name: ``WorkflowHook(self, template="mkdocs")``.

    What was sent is kept on the bus until the workflow is started, and reaches nobody: any program of the cluster may send something,
    so a workflow should look at what there is, and not at what it is told.
    """

    requires = ("argo-events",)

    def __init__(self, owner: Owner, *, template: str) -> None:
        self.name = owner.name
        self.url = f"http://{host(owner.name)}:{PORT}/{EVENT}"
        self._spec = {"workflowTemplateRef": {"name": template}}
        self._deadline_s = owner.inventory.deadlines.component_s

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``; their pods are made by the controller of Argo Events."""
        return source(self.name, EVENT, f"/{EVENT}"), sensor(self.name, EVENT, self._spec)

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return (Listens(self.name, access.api, self._deadline_s),)


class Listens:
    """The sensor is known to the bus: an event from before would be lost."""

    def __init__(self, name: str, api: Callable[[], Api], deadline_s: float) -> None:
        self.subject = f"sensor {name}"
        self._name = name
        self._api = api
        self._deadline_s = deadline_s

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        try:
            return () if is_heard(self._api(), self._name) else absent(f"{self.subject} on the bus")
        except ApiRefused as refused:
            raise Unreachable("the event bus", seen=refused.seen) from refused

    def write(self) -> None:
        """See ``Setting.write``: it comes by itself."""
        wait_until_listening(self._api(), self._name, self._deadline_s)
