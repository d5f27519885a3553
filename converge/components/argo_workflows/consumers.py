"""Throw-away workflows: what they do, and how they are started, followed and removed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from converge.apis.argo import ENDED, GROUP_VERSION, ArgoServer, Workflow
from converge.components.argo_workflows.accounts import AUTOMATION
from converge.components.argo_workflows.component import NAMESPACE, SIGN_ON
from converge.http import sibling
from converge.kubernetes.objects import Ref
from converge.sso import Browser, Credentials

if TYPE_CHECKING:
    from converge.components.terms import Access
    from converge.inventory import Inventory

PREFIX = "throw-away-"
LETTER = "hello from the first step"
_WRITTEN, _READ, _HOME = "/tmp/out/letter", "/tmp/in/letter", "/tmp"  # noqa: S108 - in the pods of steps, each of which is alone there


def url(inventory: Inventory) -> str:
    """The server, as people and programs reach it."""
    return f"https://{inventory.host('argo')}"


def token(access: Access) -> str:
    """The token of automation."""
    return access.secret(NAMESPACE, f"{AUTOMATION}-token", "token")


def automated(inventory: Inventory, access: Access) -> ArgoServer:
    """The server as automation sees it."""
    http = sibling(access.http)
    http.headers["Authorization"] = f"Bearer {token(access)}"
    return ArgoServer(http, url(inventory), NAMESPACE)


def signed_in(inventory: Inventory, browser: Browser, credentials: Credentials) -> ArgoServer:
    """The server as a person sees it who has signed in with the platform login."""
    browser.visit(f"{url(inventory)}{SIGN_ON}", credentials)
    return ArgoServer(browser.http, url(inventory), NAMESPACE)


@contextlib.contextmanager
def submitted(server: ArgoServer, access: Access, spec: Mapping[str, Any]) -> Iterator[str]:
    """The name of a workflow that was started, and is removed at the end, whatever has become of the server and its tokens."""
    name = server.submit(spec, prefix=PREFIX)
    try:
        yield name
    finally:
        access.api().delete("Workflow", name, NAMESPACE, api_version=GROUP_VERSION)


def wait_until_ended(access: Access, name: str, deadline_s: float) -> Workflow:
    """The workflow when it has ended, however it did."""
    from converge.kubernetes.wait import wait_until

    ref = Ref("Workflow", name, NAMESPACE, GROUP_VERSION)
    return wait_until(
        access.api(), ref, lambda seen: seen is not None and phase(seen) in ENDED, deadline_s, wanted=f"workflow {name} to end"
    )


def wait_until_without_pods(access: Access, name: str, deadline_s: float) -> None:
    """Wait until nothing of a workflow runs or could be asked any more."""
    from converge.kubernetes.wait import wait_until

    for pod in access.api().list("Pod", NAMESPACE, labels=f"workflows.argoproj.io/workflow={name}"):
        wait_until(access.api(), Ref("Pod", pod["metadata"]["name"], NAMESPACE, "v1"), lambda seen: seen is None, deadline_s)


def phase(workflow: Workflow) -> str:
    """``Succeeded``; "" before anything was done about it."""
    return str((workflow.get("status") or {}).get("phase", ""))


def handing_on(image: str) -> dict[str, Any]:
    """Two steps: the first writes a file, the second gets it and prints what is in it."""
    handed = {"name": "letter", "from": "{{steps.write.outputs.artifacts.letter}}"}
    steps = [[_step("write")], [_step("read") | {"arguments": {"artifacts": [handed]}}]]
    write = _shell("write", image, f"mkdir $(dirname {_WRITTEN}) && printf %s '{LETTER}' > {_WRITTEN}")
    read = _shell("read", image, f"cat {_READ}")
    return {
        "entrypoint": "main",
        "templates": [
            {"name": "main", "steps": steps},
            write | {"outputs": {"artifacts": [{"name": "letter", "path": _WRITTEN, "archive": {"none": {}}}]}},
            read | {"inputs": {"artifacts": [{"name": "letter", "path": _READ}]}},
        ],
    }


def ending_with(image: str, code: int) -> dict[str, Any]:
    """One step, whose program ends with this exit code."""
    return {"entrypoint": "main", "templates": [{"name": "main", "steps": [[_step("work")]]}, _shell("work", image, f"exit {code}")]}


def asking(image: str, host: str, ca: str) -> dict[str, Any]:
    """One step, which asks the server itself for its workflows: with Argo's command line, by gRPC, as automation."""
    reference = {"secretKeyRef": {"name": f"{AUTOMATION}-token", "key": "token"}}
    settings = {
        "ARGO_TOKEN": "Bearer $(TOKEN)",
        "ARGO_SERVER": f"{host}:443",
        "ARGO_SECURE": "true",
        "ARGO_HTTP1": "false",
        "SSL_CERT_DIR": "/ca",
        "HOME": _HOME,
        "KUBECONFIG": "/dev/null",
    }
    ask = {
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["argo", "list", "-n", NAMESPACE, "-o", "name"],
        "env": [{"name": "TOKEN", "valueFrom": reference}, *({"name": name, "value": value} for name, value in settings.items())],
        "volumeMounts": [{"name": "ca", "mountPath": "/ca", "readOnly": True}],
    }
    return {
        "entrypoint": "main",
        "volumes": [{"name": "ca", "configMap": {"name": ca}}],
        "templates": [{"name": "main", "steps": [[_step("ask")]]}, {"name": "ask", "container": ask}],
    }


def _step(name: str) -> dict[str, Any]:
    return {"name": name, "template": name}


def _shell(name: str, image: str, script: str) -> dict[str, Any]:
    return {"name": name, "container": {"image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]}}
