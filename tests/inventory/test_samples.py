import json
import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from converge.inventory import Inventory, model, read
from converge.inventory.reading import examine
from converge.inventory.schema import schema
from converge.places import source_root

FOLDER = source_root() / "inventory"
SAMPLES = sorted(FOLDER.glob("*.yaml"))


def test_there_is_a_sample_for_each_kind_of_nodes() -> None:
    assert {read(path, check_files=False).nodes.kind for path in SAMPLES} == {"embedded", "hosts", "microk8s", "existing"}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_valid_and_named_as_its_file(path: Path) -> None:
    assert examine(path, check_files=False).inventory.name == path.stem


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_tells_editors_where_the_schema_is(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


def test_the_default_inventory_says_the_defaults() -> None:
    assert read(FOLDER / "local.yaml") == Inventory()


def test_what_is_commented_out_is_valid_too() -> None:
    """Taking away the '#' of an example must not produce a fault."""
    for path in SAMPLES:
        text = path.read_text()
        shown = re.sub(r"(?m)^( *)# (?=( *)[a-z_]+:( |$))", r"\1", text)
        trial = Inventory.model_validate(yaml.safe_load(shown))
        assert trial.name == path.stem


def test_the_schema_is_fresh() -> None:
    assert (FOLDER / "schema.json").read_text() == schema(), "run: thinkube inventory schema > inventory/schema.json"


def test_the_schema_refuses_unknown_keys_and_wants_a_kind() -> None:
    described = json.loads(schema())
    parts = described["$defs"]
    assert described["additionalProperties"] is False
    assert all(part["additionalProperties"] is False for part in parts.values())
    assert all("kind" in part["required"] for part in parts.values() if "kind" in part["properties"])


def _parts() -> list[type[BaseModel]]:
    return [part for part in vars(model).values() if isinstance(part, type) and issubclass(part, model.Part) and part is not model.Part]


@pytest.mark.parametrize("part", _parts(), ids=lambda part: part.__name__)
def test_the_reference_names_every_field(part: type[BaseModel]) -> None:
    reference = (source_root() / "docs/reference/inventory.md").read_text()
    missing = [field for field in part.model_fields if f"`{field}`" not in reference]
    assert not missing
