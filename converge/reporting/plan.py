"""A plan as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from converge.engine.outcome import Plan


def as_text(plans: Sequence[Plan]) -> str:
    """Each component with what would change, or that nothing would, and a line of totals."""
    rows = []
    for plan in plans:
        rows.append(f"{plan.component}: {f'{len(plan.changes)} to change' if plan else 'as wanted'}")
        rows += [f"  {line}" for change in plan.changes for line in str(change).splitlines()]
        rows += [f"  not known yet: {reason}" for reason in plan.unknown]
    totals = Counter(change.action for plan in plans for change in plan.changes)
    rows.append(", ".join(f"{count} to {action}" for action, count in totals.items()) or "nothing would change")
    return "\n".join(rows)
