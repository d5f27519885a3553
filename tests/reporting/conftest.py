"""A run of a platform as it could be: things went well, badly, and not at all."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from functools import cache

import pytest

from converge.reporting.gherkin_source import feature_of
from converge.reporting.results import Attachment, ComponentResult, Experiment, Failure, ImageUse, Results, Scenario, ScenarioOutcome, Step

START = 1_790_000_000.0
TABLE = (
    ("control-node", "CORE-002", ()),
    ("storage", "CORE-001", ("control-node",)),
    ("ingress", "CORE-001", ("control-node",)),
    ("cert-manager", "CORE-003", ("ingress",)),
    ("postgres", "CORE-005", ("storage", "cert-manager")),
    ("keycloak", "CORE-004", ("postgres", "ingress")),
    ("minio", "CORE-006", ("keycloak", "storage")),
    ("harbor", "CORE-007", ("keycloak", "postgres")),
    ("gitea", "CORE-008", ("harbor",)),
    ("gpu-operator", "OPT-003", ("control-node",)),
)
PROMISED = (
    ("Every workload of {0} is ready", ()),
    ("A second converge of {0} changes nothing", ("idempotence",)),
    ("Every container of {0} says what it needs", ("resources",)),
    ("{0} is reached over TLS from the platform's issuer", ("tls",)),
    ("A person signs in to {0} with the platform login", ("sso",)),
    ("A person without the group is turned away by {0}", ("sso", "negative")),
    ("What was written to {0} outlives its pods", ("data",)),
    ("{0} rolled back and converged again has its data", ("rollback", "data")),
)
FAULT = """\
wanted: Deployment harbor/harbor-core Ready
seen:   0 of 1 pods: CrashLoopBackOff, 4 restarts
cause:  container core exits 1: dial tcp: lookup postgres on 10.96.0.10:53: no such host
next:   thinkube status harbor"""


@cache
def png(width: int = 640, height: int = 280) -> str:
    """A picture, in base64."""
    row, rows = bytearray(b"\0" + bytes((0, 0, 190)) * width), bytearray()
    row[1::3] = bytes(x * 255 // width for x in range(width))
    for y in range(height):
        row[2::3] = bytes((y * 255 // height,)) * width
        rows += row

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(data).decode()


def feature_text(name: str, issue: str, area: str, repeat: int) -> str:
    lines = [
        f"@{area} @{name} @{issue}",
        f"Feature: {name.capitalize()} keeps its promises",
        f"  {name} is what the rest stands on.",
        f"  Issue {issue}.",
        "",
        "  Background:",
        f'    Given "{name}" is converged',
    ]
    for number in range(repeat):
        for title, tags in PROMISED:
            lines += ["", f"  @{' @'.join(tags or ('security',))}", f"  Scenario: {title.format(name)}{f' ({number})' if number else ''}"]
            lines += ["    Given a throw-away person", f'    When the person uses "{name}"', "    Then it is so", "    And nothing else is"]
    return "\n".join(lines) + "\n"


def run_of(repeat: int = 1, *, is_bad: bool = True) -> Results:
    picture = png()
    components, features, scenarios = [], [], []
    ends: dict[str, float] = {}
    for index, (name, issue, requires) in enumerate(TABLE):
        area = "core" if issue > "CORE-001" and issue.startswith("CORE") else "optional" if issue.startswith("OPT") else "infrastructure"
        result, text, by = "converged", "", ""
        if is_bad and name == "harbor":
            result, text = "failed", FAULT
        elif is_bad and name == "gitea":
            result, text, by = "blocked", "blocked by harbor", "harbor"
        elif is_bad and name == "gpu-operator":
            result, text = "unavailable", "no node of this inventory has an NVIDIA GPU"
        began = max((ends[need] for need in requires), default=START + 0.4)
        took = 0.0 if result in ("blocked", "unavailable") else 6.0 + 9.5 * (index % 4)
        ends[name] = began + took
        changes = tuple(f"create Deployment {name}/{name}-{number}" for number in range(index))
        components.append(ComponentResult(name, issue, requires, result, began, took, changes, text, by))
        path = f"features/{area}/{name}.feature"
        feature = feature_of(path, feature_text(name, issue, area, repeat))
        features.append(feature)
        lines = [number for number, line in enumerate(feature.source.splitlines(), 1) if "Scenario:" in line]
        at = ends[name]
        for number, line in enumerate(lines):
            title, tags = PROMISED[number % len(PROMISED)]
            title = title.format(name) + (f" ({number // len(PROMISED)})" if number >= len(PROMISED) else "")
            scenario = scenario_of(path, line, title, (*feature.tags, *(tags or ("security",))), at, worker=f"gw{(index + number) % 3}")
            if result != "converged":
                ending = ScenarioOutcome(result) if result != "failed" else ScenarioOutcome.BLOCKED
                reason = f"blocked by {by or name}" if ending is ScenarioOutcome.BLOCKED else text
                scenario = ended(scenario, 0, ending, Failure(reason, wanted=f"{name} converged", seen=reason))
            elif is_bad and name == "minio" and "turned away" in title:
                failure = Failure(
                    "Traceback …\nE   AssertionError: 200 != 403\n",
                    wanted="403 for a person who is not in the group storage-users",
                    seen="200 and <title>Console & <b>buckets</b></title>",
                    cause="the policy claim is missing from the token",
                    next_command="thinkube open minio",
                    diagnosis="Pod minio/minio-0 Running, ready\nlast events: none",
                )
                scenario = ended(scenario, 3, ScenarioOutcome.FAILED, failure)
            elif "signs in" in title and number < len(PROMISED):
                shown = Attachment(f"What a signed-in person sees of {name}", "image/png", picture)
                steps = list(scenario.steps)
                steps[2] = type(steps[2])(**{**vars(steps[2]), "attachments": (shown,)})
                scenario = Scenario(**{**vars(scenario), "steps": tuple(steps)})
            scenarios.append(scenario)
            at += 0.7
    seconds = max(scenario.started_at + scenario.seconds for scenario in scenarios) - START + 1
    return Results(
        START,
        seconds,
        "pytest features/ -n 3",
        int(is_bad),
        len(scenarios),
        tuple(components),
        tuple(features),
        tuple(scenarios),
        (("Thinkube", "0.1.0"), ("Python", "3.11.2"), ("Kubernetes", "1.37.2"), ("Operating system", "Debian GNU/Linux 12 (bookworm)")),
        "name: local\ndomain_name: thinkube.test\nnodes:\n  kind: embedded\n  workers: 1\n",
        tuple(
            ImageUse(name, name, f"quay.io/{name}/{name}:1.2.3", f"thinkube.local/{name}:5f1c0a2b3c4d5e6f") for name in ("minio", "gitea")
        ),
        (
            Experiment("the worker dies", "A worker that is killed is mended by the next run.", "back in 8.1 s", "kept", "2026-09-21"),
            Experiment("the disk fills up", "The message says so.", "no message at all", "broken", "2026-09-20"),
        ),
        (Experiment("the policy is widened", "turns red: “Nobody reads without a key”", "200, wanted 403", "killed", "2026-09-21"),),
    )


def scenario_of(path: str, line: int, title: str, tags: tuple[str, ...], at: float, worker: str = "") -> Scenario:
    name = path.rpartition("/")[2].removesuffix(".feature")
    texts = (
        ("Given", f'"{name}" is converged'),
        ("Given", "a throw-away person"),
        ("When", f'the person uses "{name}"'),
        ("Then", "it is so"),
    )
    steps = tuple(
        Step(keyword, text, line + index, ScenarioOutcome.PASSED, at + index / 10, 0.08 * (index + 1), f"steps/access.py:{20 + index}")
        for index, (keyword, text) in enumerate((*texts, ("And", "nothing else is")))
    )
    return Scenario(f"{path}::{title}", path, line, title, tags, ScenarioOutcome.PASSED, at, 1.3, steps, None, worker)


def ended(scenario: Scenario, at_step: int, outcome: ScenarioOutcome, failure: Failure) -> Scenario:
    """The same scenario, had it ended at one of its steps."""
    steps = [
        Step(**{**vars(step), "outcome": outcome if index == at_step else ScenarioOutcome.NOT_RUN} if index >= at_step else vars(step))
        for index, step in enumerate(scenario.steps)
    ]
    return Scenario(**{**vars(scenario), "steps": tuple(steps), "outcome": outcome, "failure": failure})


@pytest.fixture
def make_run() -> Callable[..., Results]:
    return run_of
