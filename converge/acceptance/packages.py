"""Python packages as developers make, install and publish them: throw-away ones, in a pod and on this machine, with the real pip."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from converge.acceptance.throwaway import PORT, Program
from converge.apis.devpi import Release
from converge.process import run

if TYPE_CHECKING:
    from converge.acceptance.throwaway import ThrowawayPods

PIP = ("--isolated", "--disable-pip-version-check", "--no-input", "--no-cache-dir", "-q")

_INSTALL_IN_POD = """
cat > /tmp/ca.pem
rm -rf "/tmp/$2"
python -m pip install "${@:3}" --cert /tmp/ca.pem --target "/tmp/$2" --index-url "$1" "$2"
PYTHONPATH="/tmp/$2" python -c "import $2; print($2.SAYS)"
"""

_PIP_HERE = """
import runpy, socket, sys
domain, address = sys.argv[1:3]
ask = socket.getaddrinfo
socket.getaddrinfo = lambda host, *more, **named: ask(address if str(host).endswith("." + domain) else host, *more, **named)
sys.argv = ["pip", *sys.argv[3:]]
runpy.run_module("pip", run_name="__main__")
"""
"""pip on a machine whose resolver does not know the platform's domain, which a run must not change."""


def throwaway() -> Release:
    """A package that nobody has seen before, with one module that says something."""
    name = f"throwaway{secrets.token_hex(4)}"
    return wheel(name, "1.0", f"hello from {name}")


def wheel(project: str, version: str, says: str) -> Release:
    """A wheel with one module, ``project``, whose ``SAYS`` is this text.

    Source: PyPA specifications, "Binary distribution format" and "Core metadata".
    """
    info = f"{project}-{version}.dist-info"
    files = {
        f"{project}.py": f"SAYS = {says!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\nSummary: {says}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: thinkube\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={_urlsafe(hashlib.sha256(text.encode()).digest())},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return Release(project, version, f"{project}-{version}-py3-none-any.whl", packed.getvalue())


def changed(release: Release) -> Release:
    """Another content under the same name and version."""
    return replace(release, content=wheel(release.project, release.version, "something else").content)


def says(release: Release) -> str:
    """What its module says when it is imported: read from the wheel itself."""
    with zipfile.ZipFile(io.BytesIO(release.content)) as archive:
        named: dict[str, str] = {}
        exec(archive.read(f"{release.project}.py"), named)  # noqa: S102 - made above
    return named["SAYS"]


def install_here(project: str, index_url: str, domain: str, address: str, ca_pem: str) -> str:
    """Install a project with this machine's pip, import its module, and return what that says."""
    with tempfile.TemporaryDirectory() as folder:
        ca, target = Path(folder, "ca.pem"), Path(folder, "installed")
        ca.write_text(ca_pem, encoding="utf-8")
        pip: list[str | Path] = [sys.executable, "-c", _PIP_HERE, domain, address]
        run([*pip, "install", *PIP, "--cert", ca, "--target", target, "--index-url", index_url, project])
        imported = run([sys.executable, "-c", f"import {project}; print({project}.SAYS)"], env={"PYTHONPATH": str(target)})
    return imported.stdout.strip()


def install_in_pod(pods: ThrowawayPods, pod: str, project: str, index_url: str, ca_pem: str) -> str:
    """The same with the pip of a pod that `python_pod` made."""
    return pods.run(pod, ["bash", "-euc", _INSTALL_IN_POD, "install", index_url, project, *PIP], ca_pem).strip()


def python_pod(pods: ThrowawayPods, name: str, image: str) -> str:
    """A pod with Python and pip, which serves what is in its ``/tmp``; ``image`` has both."""
    program = Program(("python", "-m", "http.server", str(PORT), "--directory", "/tmp"), image, "256Mi")  # noqa: S108 - the pod's own
    return pods.make(name, program=program)


def publish(pods: ThrowawayPods, pod: str, release: Release) -> None:
    """Put a package on a pod's simple index: ``http://<pod>:8080/simple/``."""
    page = f'<!DOCTYPE html><html><body><a href="{release.file}">{release.file}</a></body></html>'
    files = {"index.html": page.encode(), release.file: release.content}
    for name, content in files.items():
        script = 'mkdir -p "/tmp/simple/$1" && base64 -d > "/tmp/simple/$1/$2"'
        pods.run(pod, ["bash", "-euc", script, "publish", release.project, name], base64.b64encode(content).decode())


def _urlsafe(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
