"""The platform seen from inside: one component is worked on, what it requires is taken as it stands, and nothing else is looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converge.engine import inside
from converge.engine.inside import OperationsInside, PlatformInside, PlatformOfOne
from converge.engine.outcome import Result
from converge.errors import Refused, Unavailable
from converge.inventory import Inventory
from converge.nodes.inside import ProviderInside
from converge.progress import SILENCE

INVENTORY = Inventory.model_validate({"components": {"valkey": None}})
TELLING = {"valkey": {"reference": "thinkube.local/valkey:1", "version": "8"}}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(inside.TOLD, str(tmp_path))
    monkeypatch.setenv(inside.COMPONENT, "valkey")
    (tmp_path / inside.IMAGES).write_text(json.dumps(TELLING))
    (tmp_path / inside.CA).write_text("PEM")
    return tmp_path


def test_images_are_those_that_the_nodes_run(told: Path) -> None:
    images = PlatformInside(INVENTORY).images
    assert (images.reference("valkey"), images.version("valkey"), images.availability("valkey")) == ("thinkube.local/valkey:1", "8", None)
    with pytest.raises(Unavailable, match="as a file"):
        images.archive("valkey")


def test_what_nobody_was_told_of_makes_only_the_one_component_unavailable(told: Path) -> None:
    assert PlatformInside(INVENTORY).unavailable == {}
    (told / inside.IMAGES).write_text("{}")
    assert PlatformInside(INVENTORY).unavailable == {"valkey": "nobody inside the cluster was told of image valkey"}


def test_what_it_requires_is_taken_as_it_stands(told: Path) -> None:
    operations = OperationsInside(PlatformInside(INVENTORY))
    for outcome in (operations.converge("storage"), operations.verify("storage"), operations.verify_again("storage")):
        assert (outcome.result, outcome.changes, outcome.text) == (Result.CONVERGED, (), "taken as it stands")


def test_the_one_is_there_also_where_only_the_harness_asks_for_it(told: Path) -> None:
    inventory = Inventory.model_validate({"components": {"harness": None}})
    for kind in (PlatformInside, PlatformOfOne):
        assert kind(inventory).component("valkey")
        assert "harness" not in kind(inventory).components


def test_a_removal_knows_the_component_and_what_it_requires_alone(told: Path) -> None:
    assert set(PlatformOfOne.known(INVENTORY)) == {"control-node", "storage", "ingress", "cert-manager", "valkey"}


def test_what_another_component_requires_is_not_taken_away() -> None:
    with pytest.raises(Refused) as refused:
        inside.refuse_needed(Inventory.model_validate({"components": {"dashboard": None}}), "valkey")
    assert "dashboard" in refused.value.seen
    inside.refuse_needed(INVENTORY, "valkey")


def test_a_program_that_is_no_pod_is_told_so(tmp_path: Path) -> None:
    provider = ProviderInside("local", "10.0.0.2", tmp_path, account=tmp_path / "none")
    with pytest.raises(Exception, match="a pod's account"):
        provider.start(SILENCE)


def test_its_kubeconfig_names_the_accounts_files_and_holds_no_token(tmp_path: Path) -> None:
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text("secret-token")
    (account / "ca.crt").write_text("")
    provider = ProviderInside("local", "10.0.0.2", tmp_path, account=account)
    assert provider.find() is None, "nobody answers here"
    text = (tmp_path / "kubeconfig").read_text()
    assert str(account / "token") in text
    assert "secret-token" not in text


def test_what_requires_the_harness_is_left_out_with_it(told: Path) -> None:
    for kind in (PlatformInside, PlatformOfOne):
        graph = kind(Inventory()).graph
        assert "valkey" in graph.order
        assert not {"harness", "awx"} & set(graph.order)
