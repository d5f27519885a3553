"""The inventory's JSON Schema, from which editors complete and check while a person types."""

from __future__ import annotations

import json

from converge.inventory.model import Inventory


def schema() -> str:
    """The text of inventory/schema.json."""
    described = Inventory.model_json_schema()
    for part in described["$defs"].values():
        if "kind" in part["properties"]:
            # Defaults serve the code; in a file the kind says which keys are meant.
            part["required"] = sorted({"kind", *part.get("required", [])})
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **described}, indent=2, ensure_ascii=False) + "\n"
