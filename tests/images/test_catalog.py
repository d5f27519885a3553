"""The catalog holds together: every name in it exists, every recipe takes only what the catalog gives it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from converge.components import known
from converge.images import catalog as catalogs
from converge.images import digests as digests_module
from converge.images.catalog import FOLDER, GoArtifact, load, recipe
from converge.images.digests import Digests
from converge.inventory import Inventory

CATALOG = load()


PUBLISHED = {name for name in CATALOG.images if not (recipe(CATALOG.built(name)) / "Containerfile").exists()}
"""What cannot be built here: where its registry cannot be reached, its component is unavailable."""


def test_every_image_has_a_recipe_or_belongs_to_a_product_that_no_package_registry_has() -> None:
    assert {name.partition("-")[0] for name in PUBLISHED} <= {"harbor", "awx"}
    assert all(CATALOG.images[name].upstream for name in PUBLISHED)


def test_every_recipe_is_in_the_catalog() -> None:
    folders = {path.name for path in (FOLDER / "recipes").iterdir()}
    assert folders - set(CATALOG.images) - set(CATALOG.artifacts) == set()


def test_every_go_artifact_pins_its_modules() -> None:
    for name, artifact in CATALOG.artifacts.items():
        if isinstance(artifact, GoArtifact):
            text = (recipe(name) / "go.mod").read_text()
            assert "require" not in text or (recipe(name) / "go.sum").exists(), name


BUILT = [name for name in CATALOG.images if CATALOG.built(name) == name and name not in PUBLISHED]


@pytest.mark.parametrize("name", BUILT)
def test_a_recipe_takes_only_what_the_catalog_gives_it(name: str) -> None:
    image = CATALOG.images[name]
    text = (recipe(name) / "Containerfile").read_text()
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
    assert set(re.findall(r"^FROM localhost/(\S+)", text, re.MULTILINE)) == ({image.from_} if image.from_ else set())
    assert set(re.findall(r"--from=(\S+)", text)) - stages == {*image.artifacts, *(["checkout"] if image.checkout else [])}
    assert set(image.artifacts) <= set(CATALOG.artifacts)


@pytest.mark.parametrize("name", sorted(set(BUILT) - {"base", "static", "git-client", "kubernetes", "thinkube-python"}))
def test_an_image_runs_as_a_numbered_user_that_is_not_root(name: str) -> None:
    user = re.findall(r"^USER (\d+)(?::\d+)?$", (recipe(name) / "Containerfile").read_text(), re.MULTILINE)
    assert user, "no USER line"
    assert user[-1] != "0"


def test_every_image_of_a_component_is_in_the_catalog() -> None:
    wanted = {image for component in known(Inventory()).values() for image in component.images}
    assert wanted - set(CATALOG.images) == set()


def test_programs_are_artifacts() -> None:
    assert set(CATALOG.programs) <= set(CATALOG.artifacts)


def test_an_unknown_key_in_the_catalog_is_an_error(tmp_path: Path) -> None:
    faulty = tmp_path / "catalog.yaml"
    faulty.write_text((FOLDER / "catalog.yaml").read_text() + "\nimagse: {}\n")
    with pytest.raises(ValidationError, match="imagse"):
        load(faulty)


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copied = tmp_path / "recipes"
    shutil.copytree(FOLDER / "recipes", copied)
    monkeypatch.setattr(digests_module, "recipe", lambda name: copied / name)
    return copied


def keys() -> dict[str, str]:
    digests = Digests(CATALOG)
    return {f"image {name}": digests.image(name).digest for name in CATALOG.images} | {
        f"artifact {name}": digests.artifact(name).digest for name in CATALOG.artifacts
    }


def changed(before: dict[str, str]) -> set[str]:
    after = keys()
    return {name for name in after if after[name] != before[name]}


@pytest.mark.usefixtures("recipes")
def test_the_same_inputs_have_the_same_digest() -> None:
    assert keys() == keys()
    own = [digest for name, digest in keys().items() if name.removeprefix("image ") not in set(CATALOG.images) - set(BUILT)]
    assert len(set(own)) == len(own)


def test_a_changed_pin_changes_the_programs_and_the_images_made_of_them(recipes: Path) -> None:
    before = keys()
    with (recipes / "coredns" / "go.sum").open("a") as file:
        file.write("\n")
    assert changed(before) == {"artifact coredns", "image coredns"}


def test_a_changed_addition_to_a_module_changes_the_programs_and_their_images(recipes: Path) -> None:
    before = keys()
    with (recipes / "argo" / "additions/ui/dist/app/index.html").open("a") as file:
        file.write("\n")
    assert changed(before) == {"artifact argo", "image argo-server", "image argo-controller", "image argo-executor"}


def test_a_changed_containerfile_changes_that_image_only(recipes: Path) -> None:
    before = keys()
    with (recipes / "coredns" / "Containerfile").open("a") as file:
        file.write("# another\n")
    assert changed(before) == {"image coredns"}


def test_a_changed_base_changes_everything_that_stands_on_it(recipes: Path) -> None:
    before = keys()
    with (recipes / "base" / "Containerfile").open("a") as file:
        file.write("# another\n")
    standing = {f"image {name}" for name in CATALOG.images if CATALOG.images[CATALOG.built(name)].from_} | {"image base"}
    assert changed(before) == standing


def test_another_day_of_debian_changes_the_base() -> None:
    another = CATALOG.model_copy(update={"debian": CATALOG.debian.model_copy(update={"day": "2027-01-01"})})
    assert Digests(another).image("postgres") != Digests(CATALOG).image("postgres")
    assert Digests(another).image("pause") == Digests(CATALOG).image("pause")


def test_the_room_that_something_takes_is_no_part_of_its_digest() -> None:
    pause = CATALOG.images["pause"].model_copy(update={"mib": 999})
    another = CATALOG.model_copy(update={"images": CATALOG.images | {"pause": pause}})
    assert Digests(another).image("pause") == Digests(CATALOG).image("pause")


def test_a_finish_is_part_of_what_is_pulled(recipes: Path) -> None:
    before = Digests(CATALOG).pulled("keycloak")
    (recipes / "keycloak" / catalogs.FINISHING).write_text("FROM localhost/upstream\n")
    assert Digests(CATALOG).pulled("keycloak") != before


def test_what_a_test_leaves_beside_sources_makes_no_other_image(recipes: Path) -> None:
    before = Digests(CATALOG).image("dashboard")
    compiled = recipes / "dashboard" / "dashboard" / "__pycache__"
    compiled.mkdir(exist_ok=True)
    (compiled / "pages.cpython-311.pyc").write_bytes(b"compiled")
    assert Digests(CATALOG).image("dashboard") == before
