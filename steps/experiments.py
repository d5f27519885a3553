"""Experiments: what people's programs log to MLflow, who reads it again, and who is refused."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance.browser import Window
from converge.acceptance.loading import load_everywhere
from converge.acceptance.throwaway import PORT, Program, ThrowawayPods
from converge.apis.mlflow import Mlflow
from converge.components.keycloak.people import People, Person
from converge.components.minio.consumers import root_store
from converge.components.mlflow import consumers
from converge.components.mlflow.consumers import Experiment
from converge.components.mlflow.server import NAME, SERVICE, url
from converge.components.mlflow.server import PORT as MLFLOW_PORT
from converge.engine.platform import Platform
from converge.errors import Refused
from converge.inventory import Inventory
from converge.sso.tampering import tampered

if TYPE_CHECKING:
    import requests

Attach = Callable[..., None]

PAGE = "/ajax-api/2.0/mlflow/experiments/create"
"""Where MLflow's pages send what a person makes in them."""


@pytest.fixture
def experiment(platform: Platform, inventory: Inventory, mlflow_token: str) -> Iterator[Experiment]:
    """A throw-away experiment of the person's."""
    with consumers.experiment(Mlflow(platform.access.http, url(inventory), mlflow_token)) as made:
        yield made


@given("the person has a token for MLflow", target_fixture="mlflow_token")
def person_token(people: People, person: Person) -> str:
    return consumers.token(people, person)


@given("the person's program has logged a run", target_fixture="run")
@when("the person's program logs a run", target_fixture="run")
def log_run(experiment: Experiment) -> str:
    return experiment.log()


@when("the person's program in a pod logs a run with MLflow's client", target_fixture="run")
def log_run_in_pod(
    platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, experiment: Experiment, mlflow_token: str
) -> Iterator[str]:
    load_everywhere(platform, "mlflow")
    program = Program(("python", "-m", "http.server", str(PORT)), platform.context.image("mlflow"), "640Mi")
    pod = throwaway_pods.make(f"trains-{secrets.token_hex(4)}", program=program)
    said = consumers.told(inventory, mlflow_token, platform.ca_pem(), experiment.identity)
    yield throwaway_pods.run(pod, ["python", "-c", consumers.LOGS], said).split()[-1]
    throwaway_pods.remove(pod)


@then("the run's metric and its file read as they were logged")
def run_reads(experiment: Experiment, run: str) -> None:
    assert experiment.reads(run)


@then(parsers.re(r'the file is in the bucket of "(?P<name>[^"]+)"'))
def file_in_bucket(platform: Platform, inventory: Inventory, experiment: Experiment, run: str, name: str) -> None:
    store = root_store(inventory, platform.access)
    assert store.get(name, f"{experiment.identity}/{run}/artifacts/{consumers.FILE}") == consumers.CONTENT


@when("the person's program registers a run as a model", target_fixture="model")
def register(experiment: Experiment) -> Iterator[tuple[str, str]]:
    run = experiment.log()
    version = experiment.mlflow.register(experiment.name, experiment.identity, run)
    experiment.mlflow.alias(experiment.name, consumers.ALIAS, version)
    yield experiment.name, run
    experiment.mlflow.remove_model(experiment.name)


@then("the model is found by its alias")
def model_found(experiment: Experiment, model: tuple[str, str]) -> None:
    name, run = model
    assert experiment.mlflow.version(name, consumers.ALIAS)["run_id"] == run


@then("the page shows that experiment")
def page_shows_experiment(window: Window, attach: Attach, experiment: Experiment) -> None:
    try:
        window.shows(experiment.name)
    finally:
        attach("Experiments", window.screenshot())


@then("the person makes an experiment as the page does")
def page_writes(inventory: Inventory, person: Person) -> None:
    answer = _from_page(person, inventory, url(inventory))
    assert answer.status_code == 200, answer.text
    Mlflow(person.browser.http, url(inventory)).remove_experiment(answer.json()["experiment_id"])


@then("a page of another site makes none")
def other_site_refused(inventory: Inventory, person: Person) -> None:
    assert _from_page(person, inventory, "https://elsewhere.example").status_code == 403


def _from_page(person: Person, inventory: Inventory, origin: str) -> requests.Response:
    name = f"{consumers.PREFIX}{secrets.token_hex(4)}"
    return person.browser.http.post(f"{url(inventory)}{PAGE}", json={"name": name}, headers={"Origin": origin}, allow_redirects=False)


@when(parsers.re(r"somebody asks MLflow for its experiments with (?P<what>.+)"), target_fixture="refusal")
def ask_with(platform: Platform, inventory: Inventory, people: People, what: str) -> Refused:
    with people.person() as person:
        tokens: dict[str, Callable[[], str]] = {
            "no token": lambda: "",
            "a token for another client": lambda: people.kubernetes().sign_in(person.browser, person.credentials).access_token,
            "a token that was tampered with": lambda: tampered(consumers.token(people, person), preferred_username="tkadmin"),
        }
        with pytest.raises(Refused) as refusal:
            Mlflow(platform.access.http, url(inventory), tokens[what]()).experiments()
    return refusal.value


@then("MLflow refuses the request")
def refused(refusal: Refused) -> None:
    assert refusal.seen.startswith(("401", "403")), refusal.seen


@then("a program in the cluster that asks MLflow itself is refused")
def refused_past_the_proxy(platform: Platform, throwaway_pods: ThrowawayPods) -> None:
    (pod,) = throwaway_pods.on(platform.cluster().nodes[-1].name).values()
    path = "/api/2.0/mlflow/experiments/get?experiment_id=0"
    for headers in ({}, {"X-Forwarded-Preferred-Username": "tkadmin"}, {"Authorization": "Basic dGthZG1pbjo="}):
        said = throwaway_pods.fetch(pod, f"{SERVICE}.{NAME}.svc", MLFLOW_PORT, path, headers)
        assert said == "only the login proxy may ask", said
