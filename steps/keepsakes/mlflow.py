"""MLflow keeps a run that a person's program logged: its metric in rows, its file in object storage."""

from __future__ import annotations

from collections.abc import Iterator

from converge.apis.mlflow import Mlflow
from converge.components.keycloak.people import People, Person
from converge.components.mlflow import consumers
from converge.components.mlflow.consumers import Experiment
from converge.components.mlflow.server import url
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.keepsakes import Check, keepsake


@keepsake("mlflow")
def run(platform: Platform, inventory: Inventory, people: People) -> Iterator[Check]:
    with people.person() as person, consumers.experiment(_asked_by(platform, inventory, people, person)) as kept:
        logged = kept.log()
        yield lambda: reads(kept, logged)


def _asked_by(platform: Platform, inventory: Inventory, people: People, person: Person) -> Mlflow:
    return Mlflow(platform.access.http, url(inventory), consumers.token(people, person))


def reads(kept: Experiment, logged: str) -> None:
    # A pod that has just become ready is reached by the proxy a moment later.
    wait_until_served(kept.mlflow.http, f"{kept.mlflow.url}/version", COMES_S)
    assert kept.reads(logged)
