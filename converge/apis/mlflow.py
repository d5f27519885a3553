"""MLflow as nouns: experiments, runs with metrics and files, and models, as one person's program may use them.

Source: MLflow 3.17, REST API 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from converge.http import checked, sibling

if TYPE_CHECKING:
    import requests

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


class Mlflow:
    """``Mlflow(http, "https://mlflow.thinkube.test", token)``; without a token as nobody, or as whom the cookies of ``http`` are."""

    def __init__(self, http: requests.Session, url: str, token: str = "") -> None:
        self.url = url
        self.http = sibling(http) if token else http
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def create_experiment(self, name: str) -> str:
        """The id of a new experiment."""
        return str(self._post("/experiments/create", {"name": name})["experiment_id"])

    def remove_experiment(self, identity: str) -> None:
        """Take an experiment off the lists; its rows stay until somebody collects them."""
        self._post("/experiments/delete", {"experiment_id": identity})

    def experiments(self) -> Sequence[str]:
        """The names of those that are not removed."""
        found = self._post("/experiments/search", {"max_results": 1000}).get("experiments", ())
        return [one["name"] for one in found]

    def start_run(self, experiment: str) -> str:
        """The id of a new run."""
        return str(self._post("/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"])

    def log_metric(self, run: str, name: str, value: float, step: int = 0) -> None:
        """Write a value of a run's metric."""
        self._post("/runs/log-metric", {"run_id": run, "key": name, "value": value, "step": step, "timestamp": 0})

    def metric(self, run: str, name: str) -> Sequence[float]:
        """The values of a run's metric, in order of their steps."""
        found = self._get(f"{API}/metrics/get-history", {"run_id": run, "metric_key": name}).json().get("metrics", ())
        return [one["value"] for one in sorted(found, key=lambda one: int(one.get("step", 0)))]

    def write_file(self, experiment: str, run: str, name: str, content: bytes) -> None:
        """Keep a file of a run's."""
        checked(self.http.put(f"{self.url}{_place(experiment, run, name)}", data=content, allow_redirects=False), f"file {name} of a run")

    def file(self, experiment: str, run: str, name: str) -> bytes:
        """What is in a file of a run's."""
        return self._get(_place(experiment, run, name)).content

    def register(self, model: str, experiment: str, run: str) -> str:
        """Register a run's files as the next version of a model, which is made where there is none; the version's number."""
        self._post("/registered-models/create", {"name": model})
        source = f"mlflow-artifacts:/{experiment}/{run}/artifacts"
        return str(self._post("/model-versions/create", {"name": model, "source": source, "run_id": run})["model_version"]["version"])

    def alias(self, model: str, name: str, version: str) -> None:
        """Let a name such as "champion" stand for a version of a model."""
        self._post("/registered-models/alias", {"name": model, "alias": name, "version": version})

    def version(self, model: str, alias: str) -> Mapping[str, Any]:
        """The version of a model that a name stands for."""
        found: Mapping[str, Any] = self._get(f"{API}/registered-models/alias", {"name": model, "alias": alias}).json()["model_version"]
        return found

    def remove_model(self, model: str) -> None:
        """Remove a model with its versions."""
        answer = self.http.delete(f"{self.url}{API}/registered-models/delete", json={"name": model}, allow_redirects=False)
        checked(answer, f"model {model} removed")

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> requests.Response:
        return checked(self.http.get(f"{self.url}{path}", params=query, allow_redirects=False), f"GET {path} of MLflow")

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        answer = self.http.post(f"{self.url}{API}{path}", json=dict(body), allow_redirects=False)
        return checked(answer, f"POST {path} of MLflow").json()


def _place(experiment: str, run: str, name: str) -> str:
    return f"{ARTIFACTS}/{experiment}/{run}/artifacts/{name}"
