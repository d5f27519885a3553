from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.components import manifests


def write(folder: Path, **files: str) -> Path:
    (folder / "manifests").mkdir()
    for name, text in files.items():
        (folder / "manifests" / f"{name}.yaml").write_text(text)
    return folder


def test_a_name_that_nobody_gave_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="image"):
        manifests.render(write(tmp_path, a="{kind: Pod, image: {{ image }}}"))


def test_a_building_block_stands_as_it_is(tmp_path: Path) -> None:
    folder = write(tmp_path, a='{{ namespace("ingress") }}\n---\nkind: Pod\nspec: {resources: {{ resources("1m/2m", "3Mi/4Mi") }}}\n')
    namespace, pod = manifests.render(folder)
    assert namespace["metadata"]["name"] == "ingress"
    assert pod["spec"]["resources"] == {"requests": {"cpu": "1m", "memory": "3Mi"}, "limits": {"cpu": "2m", "memory": "4Mi"}}


def test_files_come_in_order_of_their_names(tmp_path: Path) -> None:
    folder = write(tmp_path, b="{kind: B}", a="{kind: A}\n---\n{kind: AA}")
    assert [item["kind"] for item in manifests.render(folder)] == ["A", "AA", "B"]


def test_truth_and_nothing_are_written_as_yaml_has_them(tmp_path: Path) -> None:
    (rendered,) = manifests.render(write(tmp_path, a="{kind: A, truth: {{ truth }}, nothing: {{ nothing }}}"), truth=True, nothing=None)
    assert (rendered["truth"], rendered["nothing"]) == (True, None)


def test_empty_documents_are_nothing_and_lists_are_their_items() -> None:
    assert manifests.parse("---\n# only words\n---\n{kind: RoleList, items: [{kind: Role}, {kind: Role}]}") == [{"kind": "Role"}] * 2


def test_a_release_without_the_object_is_not_the_pinned_one() -> None:
    with pytest.raises(LookupError, match="0 objects Deployment"):
        manifests.only([{"kind": "Service", "metadata": {"name": "a"}}], "Deployment")


SCALARS = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4), max_leaves=12)


@given(st.dictionaries(st.text(), VALUES, min_size=1, max_size=6))
def test_data_survives_its_way_through_a_manifest(data: dict[str, object]) -> None:
    text = manifests.as_text(data)
    assert manifests.parse(f"kind: A\ndata: {text}") == [{"kind": "A", "data": data}]


def test_a_release_is_read_from_json_where_that_lies_beside_its_yaml(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("kind: List\nitems: [{kind: Secret}, {kind: Pod}]\n---\n---\nkind: Service\n")
    from_yaml = manifests.read(tmp_path / "all.yaml")
    assert [item["kind"] for item in from_yaml] == ["Secret", "Pod", "Service"]
    (tmp_path / "all.json").write_text('[{"kind": "List", "items": [{"kind": "Secret"}, {"kind": "Pod"}]}, null, {"kind": "Service"}]')
    (tmp_path / "all.yaml").write_text("not asked")
    assert manifests.read(tmp_path / "all.yaml") == from_yaml
