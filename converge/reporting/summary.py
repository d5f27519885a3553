"""The summary at the end of a run: what converged, what is lost, what people did on purpose, what failed and why (each cause once)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from converge.engine.graph import Graph
from converge.engine.outcome import Outcome, Result
from converge.reporting.results import Scenario, ScenarioOutcome


def summary(graph: Graph, outcomes: Mapping[str, Outcome], scenarios: Sequence[Scenario]) -> Iterator[tuple[str, str]]:
    """Its sections, each a title and a text."""
    if done := [outcome for outcome in outcomes.values() if outcome.result is Result.CONVERGED]:
        width = max(len(outcome.component) for outcome in done)
        done.sort(key=lambda outcome: graph.order.index(outcome.component))
        rows = [f"{outcome.component:<{width}} {outcome.seconds:6.1f} s  {len(outcome.changes) or 'nothing'} written" for outcome in done]
        seconds = {outcome.component: outcome.seconds for outcome in done}
        chain = graph.longest_chain(seconds)
        rows.append(f"longest chain: {' → '.join(chain)} ({sum(seconds[name] for name in chain):.1f} s)")
        yield "converged", "\n".join(rows)
    if lost := [f"{one} ({outcome.component})" for outcome in outcomes.values() for one in outcome.lost]:
        yield "data lost", "\n".join([*lost, "", "it was made anew, empty; what it held can only come from a backup of yours"])
    if remarks := [remark for outcome in outcomes.values() for remark in outcome.remarks]:
        yield "left as it is", "\n".join(remarks)
    for outcome in outcomes.values():
        if outcome.result is Result.FAILED:
            held = [name for name in graph.order if (other := outcomes.get(name)) and _is_held(other, outcome)]
            blocked = [
                one
                for one in scenarios
                if one.outcome is ScenarioOutcome.BLOCKED and one.failure and one.failure.text.endswith(f"blocked by {outcome.component}")
            ]
            rows = [outcome.text]
            rows += [f"blocks:  {', '.join(held)}"] if held else []
            rows += [f"         {len(blocked)} scenario{'s' if len(blocked) > 1 else ''}"] if blocked else []
            yield f"{outcome.component} did not converge", "\n".join(rows)
    reasons: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes.values():
        if outcome.result is Result.UNAVAILABLE:
            reasons[outcome.text].append(outcome.component)
    for one in scenarios:
        if one.outcome is ScenarioOutcome.UNAVAILABLE:
            reasons[one.failure.seen if one.failure else ""].append(one.nodeid)
    if reasons:
        yield "unavailable", "\n".join("\n".join((*names, f"    {why}")) for why, names in reasons.items())


def _is_held(other: Outcome, cause: Outcome) -> bool:
    return other.result is Result.BLOCKED and other.by == cause.component
