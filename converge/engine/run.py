"""One run over a platform: who converges, what is written down, how it ends; pytest and the command line both drive it."""

from __future__ import annotations

import json
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from converge.engine.converger import Converger
from converge.engine.outcome import Outcome
from converge.engine.socket import Address, OutcomeServer
from converge.inventory import Inventory
from converge.inventory.model import EmbeddedNodes
from converge.progress import State

if TYPE_CHECKING:
    from converge.engine.operations import Operations
    from converge.engine.plan import Plans

PLANS_AT_ONCE = 16


class Run:
    """Converges (``verify_only``: looks at) what is selected, in the background, and keeps ``report_folder/converge.jsonl``."""

    def __init__(self, operations: Operations, report_folder: Path, *, verify_only: bool = False, delete_cluster: bool = False) -> None:
        self.operations = operations
        self.platform = platform = operations.platform
        self.verify_only = verify_only
        self.report_folder = report_folder
        self.started_at = time.time()
        work = operations.verify if verify_only else operations.converge
        self._repeat = operations.verify_again if verify_only else operations.converge
        self.converger = Converger(
            platform.graph,
            work,
            self._again,
            self._on_outcome,
            self._begin,
            operations.roll_back,
            operations.rotate,
            lambda: platform.unavailable,
        )
        self._delete_cluster = delete_cluster
        self._server: OutcomeServer | None = None

    @property
    def address(self) -> Address:
        """Where other processes of this run ask for outcomes; serving begins with the first call."""
        self._server = self._server or OutcomeServer(self.converger)
        return self._server.address

    def plans(self, names: list[str]) -> Plans:
        """What converging these components and what they require would change, in order; writes nothing."""
        from concurrent.futures import ThreadPoolExecutor

        from converge.engine.plan import Plans

        started = time.monotonic()
        graph, shared = self.platform.graph, self.operations.shared()
        with ThreadPoolExecutor(PLANS_AT_ONCE, thread_name_prefix="plan") as pool:
            plans = list(pool.map(lambda name: self.operations.plan(name, shared), graph.closure(names, self.platform.unavailable)))
        absent = {plan.component for plan in plans if plan.is_absent}
        made = tuple(plan.after([name for name in graph.closure([plan.component]) if name in absent]) for plan in plans)
        return Plans(made, time.monotonic() - started)

    def restore(self) -> None:
        """Leave no component rolled back that was there before."""
        self.converger.restore()

    def close(self) -> None:
        """End it: stop what runs, write down what happened, let others write; delete the cluster if asked and this run created it."""
        self.platform.stop()
        self.converger.stop()
        if self._server is not None:
            self._server.close()
        try:
            self.platform.close(self.converger.outcomes, self.started_at)
        finally:
            if self._delete_cluster:
                self.platform.delete_cluster()

    def _begin(self, names: list[str]) -> None:
        for name in names:
            self.platform.progress.note(name, State.PENDING)
        if not self.verify_only:
            self.operations.prepare(names)

    def _again(self, name: str) -> Outcome:
        outcome = self._repeat(name)
        self._show(outcome)
        return outcome

    def _on_outcome(self, outcome: Outcome) -> None:
        self.report_folder.mkdir(parents=True, exist_ok=True)
        with (self.report_folder / "converge.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(outcome.as_json()) + "\n")
        self._show(outcome)

    def _show(self, outcome: Outcome) -> None:
        said = [*(f"data lost: {one}" for one in outcome.lost), *outcome.remarks]
        self.platform.progress.note(outcome.component, _state(outcome), _in_short(outcome.text) or "; ".join(said))


def _in_short(text: str) -> str:
    """What was seen, of an error's text (``absent: create Deployment ingress/traefik``); the first line of any other."""
    lines = text.splitlines() or [""]
    place = next((place for place, line in enumerate(lines) if line.startswith("seen:")), 0)
    short = lines[place].removeprefix("seen:").strip()
    return f"{short} {lines[place + 1].strip()}" if short.endswith(":") and place + 1 < len(lines) else short


def _state(outcome: Outcome) -> State:
    if outcome.result in ("converged", "rolled back"):
        return State.DONE if outcome.changes else State.UNCHANGED
    return {"unavailable": State.UNAVAILABLE, "blocked": State.BLOCKED}.get(outcome.result, State.FAILED)


def beside(inventory: Inventory, name: str) -> Inventory:
    """The same inventory for a cluster of its own called ``name``: embedded nodes get addresses that follow from the name."""
    if isinstance(inventory.nodes, EmbeddedNodes):
        number = zlib.crc32(name.encode())
        subnets = {"subnet": f"10.88.{100 + number % 150}.0/24", "pod_subnet": f"10.{160 + number // 150 % 64}.0.0/16"}
        made = inventory.model_copy(update={"name": name, "nodes": inventory.nodes.model_copy(update=subnets)}).model_dump()
    else:
        made = {**inventory.model_dump(), "name": name}
    return Inventory.model_validate(made).read_from(inventory.file)
