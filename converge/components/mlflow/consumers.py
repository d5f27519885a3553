"""MLflow as people's programs meet it: with a token of a person's, and throw-away experiments, which are removed after a scenario."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converge.apis.mlflow import Mlflow
from converge.components.login_proxy.login_proxy import LOOPBACK
from converge.components.mlflow.server import NAME, url
from converge.sso import Client

if TYPE_CHECKING:
    from converge.components.keycloak.people import People, Person
    from converge.inventory import Inventory

PREFIX = "throw-away-"
METRIC, VALUES = "loss", (0.5, 0.25)
FILE, CONTENT = "letter.txt", b"what came of it"
ALIAS = "champion"

LOGS = f"""
import json, os, sys
said = json.load(sys.stdin)
with open("/tmp/ca.pem", "w") as file:
    file.write(said["ca"])
os.environ |= {{"MLFLOW_TRACKING_TOKEN": said["token"], "MLFLOW_TRACKING_SERVER_CERT_PATH": "/tmp/ca.pem", "HOME": "/tmp"}}
import mlflow
mlflow.set_tracking_uri(said["url"])
with mlflow.start_run(experiment_id=said["experiment"]) as run:
    for step, value in enumerate({VALUES}):
        mlflow.log_metric("{METRIC}", value, step=step)
    mlflow.log_text({CONTENT.decode()!r}, "{FILE}")
print(run.info.run_id)
"""
"""A program that logs a run with MLflow's own client; where and as whom it reads as JSON (`told`), and it prints the run's id."""


@dataclass(frozen=True)
class Experiment:
    """An experiment of somebody's, and how that somebody asks MLflow."""

    name: str
    identity: str
    mlflow: Mlflow

    def log(self) -> str:
        """Log a run as a program without MLflow's client would, and give its id."""
        run = self.mlflow.start_run(self.identity)
        for step, value in enumerate(VALUES):
            self.mlflow.log_metric(run, METRIC, value, step)
        self.mlflow.write_file(self.identity, run, FILE, CONTENT)
        return run

    def reads(self, run: str) -> bool:
        """Whether a run's metric and file are what was logged."""
        return tuple(self.mlflow.metric(run, METRIC)) == VALUES and self.mlflow.file(self.identity, run, FILE) == CONTENT


def token(people: People, person: Person) -> str:
    """What a person's program shows MLflow, after a login of the person's."""
    return people.application(Client(f"{NAME}-cli", LOOPBACK)).sign_in(person.browser, person.credentials).access_token


@contextlib.contextmanager
def experiment(mlflow: Mlflow) -> Iterator[Experiment]:
    """A new experiment, taken off the lists at the end."""
    name = f"{PREFIX}{secrets.token_hex(4)}"
    made = Experiment(name, mlflow.create_experiment(name), mlflow)
    try:
        yield made
    finally:
        mlflow.remove_experiment(made.identity)


def told(inventory: Inventory, token: str, ca_pem: str, experiment: str) -> str:
    """What `LOGS` has to know."""
    return json.dumps({"url": url(inventory), "token": token, "ca": ca_pem, "experiment": experiment})
