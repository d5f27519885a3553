"""Dependencies: what components were given by others lets them in, and does for them what they need it for."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import parsers, then

from converge.acceptance import dependencies
from converge.components.part import PartWithSecret
from converge.engine.platform import Platform


@then(parsers.re(r"every component is let in by the (?P<uses>.+) that it was given"))
def lets_in(platform: Platform, attach: Callable[..., None], uses: str) -> None:
    attach("Whose they are", "\n".join(map(str, dependencies.given(platform, PartWithSecret, uses))), "text/plain")
    assert not (faults := list(dependencies.refused(platform, uses))), "\n".join(faults)


@then("every database that a component was given takes its rows, and holds tables that it made")
def rows_kept(platform: Platform) -> None:
    assert not (faults := list(dependencies.without_rows(platform))), "\n".join(faults)


@then("every bucket that a component was given keeps its objects, where it may write, and only shows them elsewhere")
def objects_kept(platform: Platform) -> None:
    assert not (faults := list(dependencies.without_objects(platform))), "\n".join(faults)


@then("every user of Valkey that a component was given keeps keys of its own and sees no others")
def keys_kept(platform: Platform) -> None:
    assert not (faults := list(dependencies.without_keys(platform))), "\n".join(faults)
