"""What a run found out, as plain data: every report is written from it, and it travels as JSON."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from typing import Any, Literal

from pydantic import TypeAdapter

from converge.redaction import redact

_UNPRINTABLE = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_VOCABULARY = frozenset({"outcome", "result", "media_type"})


class ScenarioOutcome(StrEnum):
    """How a scenario, or one of its steps, ended; the worst first. Only a step can be "not run"."""

    FAILED = "failed"
    BLOCKED = "blocked"
    UNAVAILABLE = "unavailable"
    PASSED = "passed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Attachment:
    """Something to look at: a screenshot (``content`` in base64) or a text."""

    title: str
    media_type: str
    content: str

    @property
    def is_text(self) -> bool:
        """Whether ``content`` is the text itself."""
        return _is_text(self.media_type)


@dataclass(frozen=True)
class Failure:
    """Why a scenario did not pass; ``text`` is all of it but for ``diagnosis`` (what the cluster said) and ``traceback``.

    ``phase`` is setup, call or teardown.
    """

    text: str
    wanted: str = ""
    seen: str = ""
    cause: str = ""
    next_command: str = ""
    diagnosis: str = ""
    phase: str = "call"
    traceback: str = ""


@dataclass(frozen=True)
class Step:
    """A step as it ran; ``definition`` is where it is defined: ``steps/workloads.py:31``."""

    keyword: str
    text: str
    line: int
    outcome: ScenarioOutcome = ScenarioOutcome.NOT_RUN
    started_at: float = 0.0
    seconds: float = 0.0
    definition: str = ""
    docstring: str = ""
    table: tuple[tuple[str, ...], ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A scenario as it ran; ``feature`` is the path of its file, ``worker`` the process that ran it (empty: the only one)."""

    nodeid: str
    feature: str
    line: int
    name: str
    tags: tuple[str, ...]
    outcome: ScenarioOutcome
    started_at: float = 0.0
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()
    failure: Failure | None = None
    worker: str = ""
    waited_s: float = 0.0
    """How long it waited for components to converge, which ``seconds`` leave out."""
    written: str = ""
    """The file that ``line`` and the steps' lines are of, where that is not ``feature``: a standard promise is written once for all."""

    @property
    def anchor(self) -> str:
        """A name for links that stays the same from run to run."""
        return "s-" + blake2b(self.nodeid.encode(errors="replace"), digest_size=5).hexdigest()


@dataclass(frozen=True)
class Feature:
    """A feature file."""

    path: str
    name: str
    description: str
    tags: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class ComponentResult:
    """A component of the platform and what came of converging it: ``result`` is empty where this run did not."""

    name: str
    issue: str = ""
    requires: tuple[str, ...] = ()
    result: Literal["", "converged", "failed", "blocked", "unavailable", "rolled back"] = ""
    started_at: float = 0.0
    seconds: float = 0.0
    changes: tuple[str, ...] = ()
    text: str = ""
    by: str = ""
    diagnosis: str = ""

    @property
    def anchor(self) -> str:
        """A name for links."""
        return f"c-{self.name}"


@dataclass(frozen=True)
class ImageUse:
    """An image that a component runs: ``ImageUse("minio", "minio", "quay.io/minio/minio:RELEASE…", "thinkube.local/minio:5f1c…")``.

    ``published`` is its name at its makers (empty: it is our own), ``reference`` what the nodes call it.
    """

    component: str
    name: str
    published: str
    reference: str


@dataclass(frozen=True)
class Experiment:
    """Something that was broken on purpose, on which day; ``verdict`` is kept (a fault), killed (a mutation) or what went wrong."""

    name: str
    promise: str
    seen: str
    verdict: str
    on: str

    @property
    def outcome(self) -> ScenarioOutcome:
        """As for a scenario."""
        known = {"kept": ScenarioOutcome.PASSED, "killed": ScenarioOutcome.PASSED, "skipped": ScenarioOutcome.UNAVAILABLE}
        return known.get(self.verdict, ScenarioOutcome.FAILED)


@dataclass(frozen=True)
class Results:
    """A whole run. ``selected`` counts the scenarios that were to run: more than ran where it was interrupted."""

    started_at: float
    seconds: float
    command: str = ""
    exit_code: int = 0
    selected: int = 0
    components: tuple[ComponentResult, ...] = ()
    features: tuple[Feature, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    inventory: str = ""
    images: tuple[ImageUse, ...] = ()
    faults: tuple[Experiment, ...] = ()
    mutations: tuple[Experiment, ...] = ()

    @property
    def counts(self) -> dict[ScenarioOutcome, int]:
        """How many scenarios ended how; those that did not run at all are "not run"."""
        counted = Counter(scenario.outcome for scenario in self.scenarios)
        counted[ScenarioOutcome.NOT_RUN] += max(0, self.selected - len(self.scenarios))
        return {outcome: counted[outcome] for outcome in ScenarioOutcome}


def as_json(results: Results) -> bytes:
    """The run as JSON."""
    return _adapter().dump_json(results, indent=1)


def from_json(data: bytes) -> Results:
    """The run that ``as_json`` was made of."""
    return _adapter().validate_json(data)


def scenario_data(scenario: Scenario) -> dict[str, Any]:
    """A scenario as plain data, to go to another process: without the secrets that only this one has seen."""
    data: dict[str, Any] = _clean(_scenario_adapter().dump_python(scenario, mode="json"), {})
    return data


def scenario_from(data: dict[str, Any]) -> Scenario:
    """The scenario that ``scenario_data`` was made of."""
    return _scenario_adapter().validate_python(data)


def cleaned(results: Results) -> Results:
    """The same run without secrets, and without characters that no document can hold (terminal colours among them)."""
    return _adapter().validate_python(_clean(_adapter().dump_python(results), {}))


def _clean(value: Any, known: dict[str, str]) -> Any:
    """Clean every text in plain data, each different one once."""
    if isinstance(value, str):
        if (text := known.get(value)) is None:
            text = known[value] = clean_text(value)
        return text
    if isinstance(value, dict):
        kept = _VOCABULARY if _is_text(value.get("media_type", "text/plain")) else _VOCABULARY | {"content"}
        return {key: item if key in kept else _clean(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, known) for item in value]
    return value


def clean_text(text: str) -> str:
    """A text without secrets and unprintable characters."""
    text = redact(_UNPRINTABLE.sub("", text))
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type == "application/json"


@cache
def _adapter() -> TypeAdapter[Results]:
    return TypeAdapter(Results)


@cache
def _scenario_adapter() -> TypeAdapter[Scenario]:
    return TypeAdapter(Scenario)
