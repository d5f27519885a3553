"""Texts that are too long for a line: what says most stays, and of two that differ the place where they do."""

from __future__ import annotations

from itertools import takewhile

LEAST = 20
"""No width below this is kept to: less says nothing."""


def cut(text: str, width: int) -> str:
    """A text without its middle where it is too long: both ends say what it is."""
    if len(text) <= width:
        return text
    kept = max(width - 1, 2)
    return f"{text[: (kept + 1) // 2]}…{text[-(kept // 2) :]}"


def cut_alike(one: str, other: str, width: int) -> tuple[str, str]:
    """Two texts, of which what is too long is cut: the first character that differs is never left out.

    >>> cut_alike("Host(`dashboard.here.example.test`)", "Host(`dashboard.there.example.test`)", 24)
    ('Host(`…board.here…test`)', 'Host(`…board.ther…test`)')
    """
    width = max(width, LEAST)
    if max(len(one), len(other)) <= width:
        return one, other
    if one == other:
        return cut(one, width), cut(other, width)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    for is_filled in (True, False):  # without filling, what differs stands at the same place in both
        left, right = (_cut_around(text, same, width, is_filled=is_filled) for text in (one, other))
        if left != right:
            break
    return left, right


def _cut_around(text: str, place: int, width: int, *, is_filled: bool) -> str:
    """Start, surroundings of a place, and end; what fits stays whole where lines are to be filled."""
    if is_filled and len(text) <= width:
        return text
    start = 0 if place < width // 2 else place - width // 4
    head = f"{text[: width // 4]}…" if start else ""
    room, rest = width - len(head), text[start:]
    if len(rest) <= room:
        return head + (text[-room:] if is_filled else rest)
    shown = max(place - start + 1, (room - 1) * 2 // 3)
    left = room - 1 - shown
    return f"{head}{rest[:shown]}…" + (rest[-left:] if left else "")
