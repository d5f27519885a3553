"""The newest commit of the documentation is built and served, or it is known that it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converge.apis.argo import ENDED, GROUP_VERSION, node_of
from converge.apis.minio import NoSuchObject
from converge.components.argo_workflows.component import NAMESPACE as WORKFLOWS
from converge.components.git.server import server
from converge.components.minio.consumers import root_store
from converge.components.mkdocs import site
from converge.components.part import Part
from converge.components.terms import Access, Context, Difference, Remark, Setting
from converge.errors import NotReady
from converge.inventory import Inventory
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.ready import readiness

EXECUTORS = ('time="', "INFO ", "Error: exit status")
"""Lines of Argo's executor around those of the program, and what MkDocs says where all is well."""
NOT_BUILT = "3"
"""With which exit code ``mkdocs-release`` ends where the pages are at fault."""


class Newest(Part):
    """What was pushed last is what people see; where it cannot be built, every run and plan says so, and the site stays as it is."""

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``: pods that wait for what is nowhere would keep a run from building it."""
        return (Obtainable(context.inventory, access),)

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return (Built(context.image("mkdocs"), context.inventory, access, self._deadline_s),)

    def remarks(self, access: Access) -> Sequence[Remark]:
        """See ``Part.remarks``."""
        branches = [server(access).branch(site.REPOSITORY, name) for name in (site.PEOPLES, site.PLATFORMS)]
        theirs, ours = (branch.commit for branch in branches)
        if theirs == ours:
            return ()
        workflow = failed(access, theirs)
        if workflow is None:
            return ()
        name = workflow["metadata"]["name"]
        said = f"cannot be built at {theirs[:8]}: {why(workflow)}"
        return (Remark(f"branch {site.PEOPLES} of {site.REPOSITORY}", said, f"kubectl get workflow {name} -n {WORKFLOWS} -o yaml"),)


class Obtainable:
    """Pods that are not ready do not wait for a release that object storage has lost: they serve none until the newest is built again."""

    subject = "release that is served"

    def __init__(self, inventory: Inventory, access: Access) -> None:
        self._inventory = inventory
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        found = self._access.api().find("Deployment", site.SERVER, site.NAMESPACE)
        release = site.delivered(self._access.api())
        if found is None or not release or readiness(found).is_ready or _is_stored(release, self._inventory, self._access):
            return ()
        return (Difference(self.subject, "release in object storage", wanted=release, seen="absent"),)

    def write(self) -> None:
        """See ``Setting.write``."""
        annotations = {"spec": {"template": {"metadata": {"annotations": {site.RELEASE: None}}}}}
        self._access.api().patch("Deployment", site.SERVER, site.NAMESPACE, annotations)


class Built:
    """The release of the newest commit is in object storage and served."""

    def __init__(self, image: str, inventory: Inventory, access: Access, deadline_s: float) -> None:
        self.subject = f"site of branch {site.PEOPLES}"
        self._image = image
        self._inventory = inventory
        self._access = access
        self._deadline_s = deadline_s

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``: what people pushed and MkDocs refuses is theirs to mend, and no difference."""
        commit = site.newest(self._access)
        wanted, seen = site.release_of(commit, self._image), site.delivered(self._access.api())
        if seen != wanted and self._is_peoples(commit) and failed(self._access, commit):
            return ()
        if seen != wanted:
            return (Difference(self.subject, "release", wanted=wanted, seen=seen or "none"),)
        if not _is_stored(wanted, self._inventory, self._access):
            return (Difference(self.subject, "release in object storage", wanted=wanted, seen="absent"),)
        return ()

    def write(self) -> None:
        """See ``Setting.write``: as a push would have it built.

        Raises:
            NotReady: the workflow failed, and not because of what people pushed.
        """
        from converge.kubernetes.wait import wait_until, wait_until_ready

        api = self._access.api()
        metadata = {"generateName": f"{site.TEMPLATE}-", "namespace": WORKFLOWS}
        spec = {"workflowTemplateRef": {"name": site.TEMPLATE}}
        made = api.create({"apiVersion": GROUP_VERSION, "kind": "Workflow", "metadata": metadata, "spec": spec})
        name = made["metadata"]["name"]
        ref = Ref("Workflow", name, WORKFLOWS, GROUP_VERSION)
        ended = wait_until(api, ref, _has_ended, self._deadline_s, wanted=f"workflow {name} to end")
        if _phase(ended) == "Succeeded":
            server_ = api.get("Deployment", site.SERVER, site.NAMESPACE)
            wait_until_ready(api, [server_], self._deadline_s, progress=self._access.progress, subject=site.NAMESPACE)
        elif not (_is_at_fault(ended) and self._is_peoples(_commit(ended))):
            raise NotReady(self.subject, seen=why(ended), next_command=f"kubectl get workflow {name} -n {WORKFLOWS} -o yaml")

    def _is_peoples(self, commit: str) -> bool:
        return commit != server(self._access).branch(site.REPOSITORY, site.PLATFORMS).commit


def _is_stored(release: str, inventory: Inventory, access: Access) -> bool:
    try:
        return site.key(release) in root_store(inventory, access).names(site.BUCKET)
    except NoSuchObject:
        return False


def failed(access: Access, commit: str) -> KubernetesObject | None:
    """The workflow that found that the pages of a commit cannot be built; None where none has."""
    workflows = access.api().list("Workflow", WORKFLOWS, api_version=GROUP_VERSION)
    return next((one for one in workflows if cannot_build(one, commit)), None)


def cannot_build(workflow: KubernetesObject, commit: str) -> bool:
    """Whether a workflow has found that the pages of a commit are at fault."""
    return _is_at_fault(workflow) and _commit(workflow) == commit


def why(workflow: KubernetesObject) -> str:
    """Why a workflow failed, in the words of its step: ``main: Error (exit code 3): WARNING - Doc file 'a.md' contains …``."""
    step = _build(workflow)
    said = str(step.get("message") or workflow["status"].get("message") or _phase(workflow))
    lines = said.replace("): ", "):\n", 1).splitlines()
    return " ".join(line for line in lines if line and not line.startswith(EXECUTORS))


def _has_ended(workflow: KubernetesObject | None) -> bool:
    return workflow is not None and _phase(workflow) in ENDED


def _phase(workflow: KubernetesObject) -> str:
    return str((workflow.get("status") or {}).get("phase", ""))


def _is_at_fault(workflow: KubernetesObject) -> bool:
    outputs = _build(workflow).get("outputs") or {}
    return _phase(workflow) == "Failed" and outputs.get("exitCode") == NOT_BUILT


def _commit(workflow: KubernetesObject) -> str:
    outputs = _build(workflow).get("outputs") or {}
    return next((str(one.get("value", "")).partition("-")[0] for one in outputs.get("parameters") or () if one["name"] == "release"), "")


def _build(workflow: KubernetesObject) -> dict[str, Any]:
    """What became of the step that builds; nothing where there is none, as in a workflow of somebody else's."""
    nodes = ((workflow.get("status") or {}).get("nodes") or {}).values()
    if workflow["spec"].get("workflowTemplateRef", {}).get("name") != site.TEMPLATE or not any(one["type"] == "Pod" for one in nodes):
        return {}
    return dict(node_of(workflow, "build"))
