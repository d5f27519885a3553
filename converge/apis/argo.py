"""Argo Workflows as nouns: a server that is asked as somebody, and the workflows of its namespace.

Source: Argo Workflows v3.7 API (``/api/v1``), artifacts under ``/artifact-files``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from converge.http import checked

if TYPE_CHECKING:
    import requests

GROUP_VERSION = "argoproj.io/v1alpha1"
ENDED = ("Succeeded", "Failed", "Error")

Workflow = Mapping[str, Any]


class ArgoServer:
    """The server as one identity: that of the cookies and headers of ``http``."""

    def __init__(self, http: requests.Session, url: str, namespace: str) -> None:
        self.url = url
        self._http = http
        self._namespace = namespace

    def who(self) -> Mapping[str, Any]:
        """Who is asking, as the server sees it: ``{"email": …, "groups": […], "serviceAccountName": …}``.

        Raises:
            Refused: 401 for a stranger, 403 for somebody whom no rule fits.
        """
        return self._get("/api/v1/userinfo", "who is signed in")

    def names(self) -> Sequence[str]:
        """The names of the workflows."""
        found = self._get(f"/api/v1/workflows/{self._namespace}", "the workflows").get("items") or ()
        return [item["metadata"]["name"] for item in found]

    def workflow(self, name: str) -> Workflow:
        """One workflow with its status."""
        return self._get(f"/api/v1/workflows/{self._namespace}/{name}", f"workflow {name}")

    def submit(self, spec: Mapping[str, Any], *, prefix: str) -> str:
        """Start a workflow; its name, which begins with ``prefix``."""
        metadata = {"generateName": prefix, "namespace": self._namespace}
        wanted = {"apiVersion": GROUP_VERSION, "kind": "Workflow", "metadata": metadata, "spec": spec}
        answer = self._http.post(f"{self.url}/api/v1/workflows/{self._namespace}", json={"workflow": wanted})
        made: str = checked(answer, "a workflow").json()["metadata"]["name"]
        return made

    def file(self, workflow: Workflow, step: str, artifact: str) -> str:
        """What a step left under that name, as the server fetches it from object storage: ``main-logs`` is its log."""
        name, node = workflow["metadata"]["name"], node_of(workflow, step)["id"]
        place = f"/artifact-files/{self._namespace}/workflows/{name}/{node}/outputs/{artifact}"
        return checked(self._http.get(f"{self.url}{place}"), f"{artifact} of step {step}").text

    def _get(self, path: str, what: str) -> dict[str, Any]:
        answer: dict[str, Any] = checked(self._http.get(f"{self.url}{path}"), what).json()
        return answer


def node_of(workflow: Workflow, step: str) -> Mapping[str, Any]:
    """What became of a step: ``{"id": …, "phase": "Failed", "message": "main: Error (exit code 3)", "outputs": …}``."""
    found: Mapping[str, Any] = next(
        node for node in workflow["status"]["nodes"].values() if node["displayName"] == step and node["type"] == "Pod"
    )
    return found


def key_of(workflow: Workflow, step: str, artifact: str) -> str:
    """Under which name a file of a step lies in the bucket."""
    found = node_of(workflow, step)["outputs"]["artifacts"]
    key: str = next(item["s3"]["key"] for item in found if item["name"] == artifact)
    return key
