import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from needed import needed

from converge.errors import Fault, InventoryFaults
from converge.inventory import Inventory, read
from converge.inventory.addition import BadAddition, added
from converge.inventory.model import closure
from converge.inventory.reading import examine

KNOWN = {
    "storage": needed(),
    "metrics": needed(),
    "postgres": needed("storage"),
    "keycloak": needed("postgres"),
    "mlflow": needed("keycloak", "postgres", is_optional=True),
}


@pytest.fixture
def write(tmp_path: Path):
    def write_one(text: str, name: str = "local.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write_one


def faults(path: Path, **kwargs) -> list[str]:
    with pytest.raises(InventoryFaults) as caught:
        read(path, **kwargs)
    return [fault.text for fault in caught.value.faults]


def read_or_explained(path: Path) -> tuple[Fault, ...]:
    try:
        read(path, components={"storage": needed()}, variables={})
    except InventoryFaults as error:
        return error.faults
    return ()


def test_an_empty_mapping_means_the_defaults(write) -> None:
    assert read(write("{}")) == Inventory()


def test_plain_words_stay_text_as_editors_read_them(write) -> None:
    path = write(
        "name: on\nadmin_username: no\nnodes: {kind: existing, kubeconfig: local.yaml, context: 2026-01-01, ingress_address: 10.0.0.5}\n"
    )
    read_back = read(path)
    assert (read_back.name, read_back.admin_username, read_back.nodes.context) == ("on", "no", "2026-01-01")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "local.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: lab\r\n")
    assert read(path).name == "lab"


def test_relative_paths_start_at_the_inventory(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubeconfig").touch()
    path = write("nodes: {kind: existing, kubeconfig: kubeconfig, ingress_address: 10.0.0.5}")
    monkeypatch.chdir("/")
    assert read(path).nodes.kubeconfig == tmp_path / "kubeconfig"


def test_a_tilde_is_the_home_folder(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "kubeconfig").touch()
    path = write("nodes: {kind: existing, kubeconfig: ~/kubeconfig, ingress_address: 10.0.0.5}")
    assert read(path).nodes.kubeconfig == tmp_path / "kubeconfig"


def test_files_of_another_machine_need_not_be_here(write) -> None:
    path = write("nodes: {kind: existing, kubeconfig: absent, ingress_address: 10.0.0.5}")
    assert read(path, check_files=False).nodes.kubeconfig == path.parent / "absent"


def test_a_missing_file_names_those_beside_it(write) -> None:
    path = write("{}").with_name("lokal.yaml")
    with pytest.raises(
        InventoryFaults, match=r"lokal\.yaml: does not exist, did you mean 'local\.yaml'\?; inventories beside it: local\.yaml$"
    ):
        read(path)


def test_a_folder_names_those_in_it(write) -> None:
    assert faults(write("{}").parent) == ["is a folder; inventories in it: local.yaml"]


@pytest.mark.parametrize("name", ["x" * 300, "~nobody-of-that-name/x", "a\0b"], ids=["too long", "no such user", "a zero byte"])
def test_a_name_that_no_file_can_have_is_a_file_that_does_not_exist(write, name: str) -> None:
    escaped = name.replace("\0", "\\0")
    path = write(f'nodes: {{kind: existing, kubeconfig: "{escaped}", ingress_address: 10.0.0.5}}')
    assert [text.partition(" (")[0] for text in faults(path)] == ["kubeconfig: names a file that does not exist"]
    assert faults(path.parent / name)[0].startswith("does not exist")


def test_a_file_that_is_too_large_is_not_parsed(write) -> None:
    assert faults(write("#" * (2 << 20))) == ["larger than an inventory can be: 2048 KiB"]


@pytest.mark.parametrize("depth", [100, 250, 400, 5000])
def test_nesting_without_end_is_a_fault_like_any_other(write, depth: int) -> None:
    assert faults(write("name: " + "[" * depth + "]" * depth))[0] in {"nested too deeply", "name: expected text, seen a list"}


def test_a_number_without_end_is_no_number(write) -> None:
    (told,) = faults(write("nodes: {kind: embedded, workers: 1e999}"))
    assert told.startswith("workers: ")
    (told,) = faults(write("nodes: {kind: embedded, workers: " + "9" * 5000 + "}"))
    assert told.startswith("workers: expected a whole number, seen text '999")


def test_references_that_grow_without_end_are_refused_at_once(write) -> None:
    text = "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20))
    assert sum("references" in text for text in faults(write(text))) == 20


def test_a_name_that_may_be_public_is_a_warning(write) -> None:
    reading = examine(write("\ndomain_name: lab.thinkube.com\n"))
    assert [fault.line for fault in reading.warnings] == [2]
    assert "reserved for private use: .test" in reading.warnings[0].text


def test_listed_components_bring_what_they_require() -> None:
    assert enabled({"postgres": None}) == ("storage", "postgres")
    assert enabled({}) == ("storage", "metrics", "postgres", "keycloak")
    assert enabled({"metrics": {"enabled": False}}) == ("storage", "postgres", "keycloak")


def test_optional_components_come_where_they_are_listed() -> None:
    assert enabled({"mlflow": None}) == ("storage", "metrics", "postgres", "keycloak", "mlflow")
    assert enabled({"mlflow": {"enabled": False}}) == ("storage", "metrics", "postgres", "keycloak")
    assert enabled({"mlflow": None, "metrics": {"enabled": False}}) == ("storage", "postgres", "keycloak", "mlflow")
    assert enabled({"mlflow": None, "postgres": None}) == ("storage", "postgres", "keycloak", "mlflow")


def enabled(components: dict[str, object]) -> tuple[str, ...]:
    return Inventory.model_validate({"components": components}).enabled(KNOWN)


def test_an_optional_component_is_added_as_if_it_were_listed() -> None:
    listed = Inventory.model_validate({"components": {"mlflow": {"enabled": False, "storage": "2Gi"}}})
    with_it = added(listed, ["mlflow"], KNOWN)
    assert with_it.enabled(KNOWN) == tuple(KNOWN)
    assert with_it.options("mlflow").storage == "2Gi"
    assert added(listed, [], KNOWN) == listed


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mlfow", "unknown component 'mlfow', did you mean 'mlflow'? optional: mlflow"),
        ("metrics", "metrics is not optional"),
        ("mlflow", "mlflow requires keycloak, postgres, which the inventory leaves out"),
    ],
)
def test_what_cannot_be_added_is_refused(name: str, said: str) -> None:
    without = Inventory.model_validate({"components": {"postgres": {"enabled": False}, "keycloak": {"enabled": False}}})
    with pytest.raises(BadAddition, match=re.escape(said)):
        added(without, [name], KNOWN)


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"))))
def test_a_closure_is_closed_whatever_the_graph(requires: dict[str, list[str]]) -> None:
    reached = closure(requires, requires)
    assert all(needed in reached for name in reached for needed in requires.get(name, ()))
    assert closure(reached, requires) == reached


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_explained(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode(errors="surrogatepass"))
    told = read_or_explained(path)
    assert all(0 <= fault.line <= len(text) + 1 for fault in told)


_YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["embedded", "microk8s", "acme"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*Inventory.model_fields, "kind", "workers", "subnet", "hosts", "role", "name", "from_env"])
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=10,
)


@given(data=st.dictionaries(st.sampled_from([*Inventory.model_fields]), _YAML))
def test_any_shape_of_data_is_read_or_explained(data: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "shape.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8", errors="replace")
    read_or_explained(path)
