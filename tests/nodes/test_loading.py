"""Images that a node lacks are loaded, and while that takes long it is said what is loaded and how large it is."""

from types import SimpleNamespace

import pytest

from converge.nodes.embedded import cluster
from converge.process import ProgramFailed
from converge.progress import State

CTR = """#!/bin/sh
folder=$(dirname "$0")
case "$*" in
*list*) cat "$2.has" 2>/dev/null || true;;
*import*) echo "$2 $7" >> "$folder/imported"; [ ! -e "$folder/broken" ];;
esac
"""
KEYCLOAK, BASE = "thinkube.local/keycloak:1", "thinkube.local/base:1"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A cluster of two workers whose containerd is a script, and what was told of it."""
    ctr = tmp_path / "ctr"
    ctr.write_text(CTR)
    ctr.chmod(0o755)
    for name, mib in (("keycloak", 3), ("base", 0)):
        with (tmp_path / f"{name}.tar").open("wb") as archive:
            archive.truncate(mib << 20)
    nodes = [SimpleNamespace(name=name) for name in ("control", "one", "two")]
    monkeypatch.setattr(cluster, "runtime_socket", lambda _, node: tmp_path / node.name)
    told = []
    control = SimpleNamespace(address="", root=tmp_path)
    layout = SimpleNamespace(name="test", kubeconfig=tmp_path, nodes=nodes, control=control, programs=tmp_path)
    made = cluster.EmbeddedCluster(layout, None, SimpleNamespace(note=lambda *turn: told.append(turn)))
    return SimpleNamespace(
        load=lambda: made.load_images({KEYCLOAK: tmp_path / "keycloak.tar", BASE: tmp_path / "base.tar"}),
        has=lambda node, *references: (tmp_path / f"{node}.has").write_text("\n".join(references)),
        imported=lambda: sorted(line.replace(f"{tmp_path}/", "") for line in (tmp_path / "imported").read_text().splitlines()),
        break_it=lambda: (tmp_path / "broken").touch(),
        told=told,
    )


def test_what_is_loaded_into_which_nodes_is_told_with_its_size(made):
    made.has("one", BASE)
    assert made.load() is True
    assert made.imported() == ["one keycloak.tar", "two base.tar", "two keycloak.tar"]
    assert made.told == [
        ("image keycloak", State.WAITING, "loading 3 MiB into one, two"),
        ("image base", State.WAITING, "loading 1 MiB into two"),
        ("image keycloak", State.DONE, "loaded"),
        ("image base", State.DONE, "loaded"),
    ]


def test_where_nothing_lacks_nothing_is_told(made):
    for node in ("one", "two"):
        made.has(node, BASE, KEYCLOAK)
    assert made.load() is False
    assert made.told == []


def test_a_load_that_fails_has_an_end_too(made):
    made.has("one", BASE, KEYCLOAK)
    made.has("two", BASE)
    made.break_it()
    with pytest.raises(ProgramFailed):
        made.load()
    assert made.told[-1] == ("image keycloak", State.FAILED, "not loaded")
