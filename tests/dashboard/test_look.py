"""The dashboard looks as the acceptance report does."""

import re
from pathlib import Path

import converge.reporting
from converge.images.catalog import recipe

REPORT = Path(converge.reporting.__file__).parent / "templates" / "page.css"
DASHBOARD = recipe("dashboard") / "dashboard" / "static" / "page.css"


def colours(file: Path) -> list[dict[str, str]]:
    """Of the light and of the dark scheme, by name."""
    blocks = re.findall(r":root \{(.*?)\}", file.read_text(), re.DOTALL)[:2]
    return [dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in blocks]


def test_its_colours_are_those_of_the_report():
    light, dark = colours(DASHBOARD)
    assert light.keys() == dark.keys()
    assert light.items() <= colours(REPORT)[0].items()
    assert dark.items() <= colours(REPORT)[1].items()
