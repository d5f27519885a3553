"""The install manifests of a pinned release, read from the Go module of the same version."""

from __future__ import annotations

import json
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import yaml

from converge.errors import Refused
from converge.images import go
from converge.images.catalog import Release
from converge.process import run

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def extract(name: str, release: Release, folder: Path, helm: Path | None, stop: threading.Event) -> None:
    """Put a release's manifests into ``folder``: its files as they are, its chart as ``NAME.yaml``.

    Beside each lies the same as JSON, which every plan reads: a tenth of its time went into YAML that never changes.
    """
    module = Path(go.download(release.module, stop=stop)["Dir"])
    for pattern in release.files:
        found = sorted(module.glob(pattern))
        if not found:
            raise Refused(f"{pattern} in {release.module}", seen="no such file", next_command="thinkube images list")
        for path in found:
            shutil.copyfile(path, folder / path.name)
    if release.chart:
        if helm is None:
            raise ValueError(f"release {name} is a chart, but there is no helm to render it")
        rendered = _render(name, release, module, folder / ".scratch", helm, stop)
        (folder / f"{name}.yaml").write_text(rendered, encoding="utf-8")
        shutil.rmtree(folder / ".scratch")
    for path in folder.glob("*.yaml"):
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader))
        path.with_suffix(".json").write_text(json.dumps(documents), encoding="utf-8")


def _render(name: str, release: Release, module: Path, scratch: Path, helm: Path, stop: threading.Event) -> str:
    """Complete the chart the way the release does, and render it."""
    chart = scratch / name
    shutil.copytree(module / str(release.chart), chart)
    for path in (chart, *chart.rglob("*")):
        # The module cache is read-only.
        path.chmod(0o755 if path.is_dir() else 0o644)
    template = chart / "Chart.template.yaml"
    if template.exists():
        text = template.read_text(encoding="utf-8")
        for field in ("version", "appVersion"):
            text = re.sub(rf"^{field}:.*$", f"{field}: {release.version}", text, flags=re.MULTILINE)
        (chart / "Chart.yaml").write_text(text, encoding="utf-8")
        template.unlink()
    if release.crds:
        parts = [path.read_text(encoding="utf-8") for path in sorted(module.glob(release.crds))]
        (chart / "templates" / "crds.yaml").write_text("".join(f"---\n{part}\n" for part in parts), encoding="utf-8")
    values = [argument for key, value in release.values.items() for argument in ("--set", f"{key}={value}")]
    return run(
        [helm, "template", name, chart, "--namespace", name, "--kube-version", release.kubernetes, *values],
        stop=stop,
        env={"HELM_CACHE_HOME": str(scratch)},
    ).stdout
