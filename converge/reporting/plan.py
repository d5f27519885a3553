"""A plan as a person reads it: what would change, component by component, in lines that fit their terminal."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import NamedTuple

from converge.engine.plan import Plan, PlannedChange, PlannedField, Plans, shown
from converge.shortening import cut, cut_alike

SIGNS = {"create": "+", "change": "~", "recreate": "±", "prune": "-", "conflict": "!"}
_COLOURS = {"+": "green", "~": "yellow", "±": "yellow", "-": "red", "!": "red", "?": "cyan"}
_PHRASES = {"conflict": "in conflict", "unknown": "not known"}
LONGEST_DIFF = 40
"""Lines of one text's difference; JSON has them all."""


class Row(NamedTuple):
    """One line and its colour, as pytest's terminal writer names it; "" for none."""

    text: str
    style: str = ""


def rows(plans: Plans, width: int = 80) -> Iterator[Row]:
    """Each component with what would change, those as wanted in one line, remarks, and a line of totals; none longer than ``width``."""
    for plan in plans.plans:
        if plan:
            yield Row(plan.component, "bold")
            yield from _component(plan, width)
    if as_wanted := [plan.component for plan in plans.plans if not plan and not plan.unavailable]:
        yield from _wrapped(f"as wanted: {', '.join(as_wanted)}", width, "", hang=2)
    for plan in plans.plans:
        if plan.unavailable:
            yield from _wrapped(f"unavailable: {plan.component}: {plan.unavailable}", width, "yellow", hang=2)
    for remark in (one for plan in plans.plans for one in plan.remarks):
        yield from _wrapped(f"left as it is: {remark.subject} {remark.text}", width, "cyan", hang=2)
        yield from _wrapped(f"  {remark.next_command}", width, "cyan", hang=4)
    yield from _wrapped(totals(plans), width, "bold", hang=2)


def totals(plans: Plans) -> str:
    """``3 to create, 1 to change; nothing was written``, or ``nothing to do``."""
    counted = [f"{number} {_PHRASES.get(what, f'to {what}')}" for what, number in plans.totals.items() if number]
    return f"{', '.join(counted)}; nothing was written" if counted else "nothing to do"


def _component(plan: Plan, width: int) -> Iterator[Row]:
    for change in plan.changes:
        sign = SIGNS[change.action]
        reason = f": {change.reason}" if change.reason else ""
        yield from _wrapped(f"  {sign} {change.action} {change.subject}{reason}", width, _COLOURS[sign], hang=6)
        for field in change.fields:
            yield from _field(change, field, width)
    together = defaultdict(list)
    for one in plan.unknown:
        together[one.after, "" if one.after else one.reason].append(one.subject)
    for (after, reason), subjects in together.items():
        names = ", ".join(subjects)
        text = f"known once {after} is there: {names}" if after else f"not known: {names}: {reason}"
        yield from _wrapped(f"  ? {text}", width, _COLOURS["?"], hang=6)


def _field(change: PlannedChange, field: PlannedField, width: int) -> Iterator[Row]:
    by = f", written by {field.manager}" + (f" at {field.time}" if field.time else "") if field.manager else ""
    seen, wanted = shown(field.seen), shown(field.wanted)
    if field.secret or (change.action == "conflict" and len(seen) + len(wanted) < width):
        yield from _wrapped_field(str(field), width)
    elif _is_text(field):
        yield from _wrapped_field(f"{field.field}{by}", width)
        yield from _text(str(field.seen), str(field.wanted), width - 8)
    elif len(seen) + len(wanted) < width // 2:
        yield from _wrapped_field(f"{field.field}: {seen} → {wanted}{by}", width)
    else:
        yield from _wrapped_field(f"{field.field}{by}", width)
        seen, wanted = cut_alike(seen, wanted, width - 10)
        if field.seen is not None:
            yield Row(f"        - {seen}", "red")
        if field.wanted is not None:
            yield Row(f"        + {wanted}", "green")


def _is_text(field: PlannedField) -> bool:
    return isinstance(field.wanted, str) and isinstance(field.seen, str) and "\n" in field.wanted.strip() + field.seen.strip()


def _text(seen: str, wanted: str, width: int) -> Iterator[Row]:
    """What differs between two texts of many lines."""
    found = list(difflib.unified_diff(seen.splitlines(), wanted.splitlines(), n=1, lineterm=""))[3:]
    for line in _cut_pairs(found[:LONGEST_DIFF], width):
        yield Row(f"        {line}".rstrip(), {"+": "green", "-": "red"}.get(line[0], ""))
    if len(found) > LONGEST_DIFF:
        yield Row(f"        … and {len(found) - LONGEST_DIFF} lines more")
    if not found:
        yield Row("        only the ends of lines differ")


def _cut_pairs(lines: Sequence[str], width: int) -> Iterator[str]:
    """Lines of a difference: what goes and what comes instead of it are cut at the same places."""
    for sign, run in groupby(lines, key=lambda line: "±" if line[0] in "-+" else line[0]):
        if sign != "±":
            yield from ("…" if sign == "@" else cut(f"  {line[1:]}", width) for line in run)
            continue
        found = list(run)
        gone, come = ([line[1:] for line in found if line[0] == mark] for mark in "-+")
        pairs = [cut_alike(one or "", other or "", width - 2) for one, other in zip_longest(gone, come)]
        yield from (f"- {one}" for one, _ in pairs[: len(gone)])
        yield from (f"+ {other}" for _, other in pairs[: len(come)])


def _wrapped(text: str, width: int, style: str, *, hang: int) -> Iterator[Row]:
    indent = " " * (len(text) - len(text.lstrip()))
    wrapper = textwrap.TextWrapper(width, initial_indent=indent, subsequent_indent=" " * hang, break_on_hyphens=False)
    yield from (Row(line, style) for line in wrapper.wrap(text.lstrip()))


def _wrapped_field(text: str, width: int) -> Iterator[Row]:
    """A long path is broken between its parts."""
    wrapper = _FieldWrapper(width, initial_indent=" " * 6, subsequent_indent=" " * 8, break_on_hyphens=False)
    yield from map(Row, wrapper.wrap(text))


class _FieldWrapper(textwrap.TextWrapper):
    wordsep_simple_re = re.compile(r"(\s+|(?=\.))")
