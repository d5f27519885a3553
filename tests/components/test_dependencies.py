"""Whatever a part is given by another component is tried by `features/platform/dependencies.feature`, or hands out nothing to try."""

from pathlib import Path

import pytest
from pytest_bdd.feature import get_feature

from converge.acceptance import dependencies
from converge.components import COMPONENTS, known
from converge.components.component import Component
from converge.components.part import Part, PartWithSecret
from converge.engine.platform import Platform
from converge.errors import Unavailable
from converge.inventory import Inventory

FEATURES = Path(__file__).parents[2] / "features" / "platform"
ONLY_PUBLISHED = {"account of Harbor"}
"""What is given by components that have never run; a row for it would be unavailable for ever."""


def given() -> set[str]:
    return {part.uses for component in known(Inventory()).values() for part in component.every_part if part.uses}


@pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.name)
def test_a_part_with_a_secret_that_asks_others_says_what_it_is_given(kind: type[Component]) -> None:
    parts = [part for part in kind(Inventory()).every_part if isinstance(part, PartWithSecret)]
    asking = [part for part in parts if type(part).prerequisites is not Part.prerequisites]
    assert not [type(part).__name__ for part in asking if not part.uses and type(part).credentials is not Part.credentials]


def test_each_kind_is_a_row_of_the_feature() -> None:
    scenarios = get_feature(str(FEATURES), "dependencies.feature").scenarios
    (examples,) = scenarios["Every <kind> that a component was given lets it in"].examples
    assert {row[0] for row in examples.examples} == given() - ONLY_PUBLISHED


def test_what_nobody_was_given_is_unavailable() -> None:
    platform = Platform(Inventory.model_validate({"components": {"metrics": None}, "images": {"source": "packages"}}))
    with pytest.raises(Unavailable, match="a component that uses a bucket"):
        dependencies.given(platform, PartWithSecret, "bucket")
