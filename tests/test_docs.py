"""Every link of the documentation leads somewhere: to a file that there is, and to a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from converge.engine.platform import Platform

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(CODE.sub("", page.read_text())) if "://" not in link]
    assert not [link for link in links if not leads_somewhere(page, link)]


@pytest.mark.parametrize("page", [page for page in PAGES if "docs" in page.parts], ids=lambda page: page.stem)
def test_a_page_of_the_site_links_to_pages_of_the_site_only(page: Path) -> None:
    links = [link.partition("#")[0] for link in LINK.findall(CODE.sub("", page.read_text())) if "://" not in link]
    assert not [link for link in links if link and not (page.parent / link).resolve().is_relative_to(ROOT / "docs")]


@pytest.mark.parametrize("name", sorted(Platform.known()))
def test_a_page_says_how_a_component_is_verified(name: str) -> None:
    assert [page for page in PAGES if name in chosen(page.read_text())]


def chosen(text: str) -> set[str]:
    """What ``pytest features/ -m "a or b"`` chooses, wherever a page says so."""
    return {word for one in re.findall(r'pytest features/ -m ("[^"]+"|[\w-]+)', text) for word in one.strip('"').split()}


def leads_somewhere(page: Path, link: str) -> bool:
    name, _, heading = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return False
    return not heading or heading in {anchor(line) for line in target.read_text().splitlines() if line.startswith("#")}


def anchor(line: str) -> str:
    """What a heading is linked by: ``## What counts`` is ``what-counts``."""
    words = re.sub(r"[^\w\s-]", "", line.lstrip("#").strip().lower())
    return re.sub(r"\s", "-", words)


def test_the_site_is_built_strictly_and_aloud() -> None:
    """MkDocs counts only those warnings that it prints: a quiet build finds no fault."""
    (build,) = re.findall(r"mkdocs build .*", (ROOT / "Makefile").read_text())
    assert "--strict" in build
    assert "--quiet" not in build
