import hashlib
import json
from pathlib import Path

import pytest

from converge.errors import Missing, Refused, Unavailable
from converge.inventory.model import EmbeddedNodes, ExistingNodes, Inventory, MicroK8sNodes, SshHost
from converge.nodes import provider
from converge.nodes.embedded import checks, record
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.provider import EmbeddedProvider
from converge.nodes.existing import ExistingCluster, _node
from converge.nodes.host import host
from converge.nodes.kubeadm import authentication
from converge.process import ProgramFailed
from converge.progress import SILENCE


@pytest.fixture
def embedded(tmp_path, monkeypatch):
    monkeypatch.setenv("THINKUBE_STATE", str(tmp_path))
    return EmbeddedProvider(Inventory(name="one", nodes=EmbeddedNodes()), None, SILENCE)


def test_the_inventory_chooses_the_provider(tmp_path):
    found = provider(Inventory(nodes=ExistingNodes(kind="existing", kubeconfig=tmp_path / "no", ingress_address="10.0.0.1")), None, SILENCE)
    assert found.find() is None
    assert found.why_not() == "unreachable: no such file"
    assert found.next_command().endswith("cluster-info")
    with pytest.raises(Missing, match="the kubeconfig"):
        found.start(SILENCE)


def test_a_provider_of_a_later_release_is_unavailable():
    hosts = (SshHost(name="a", address="10.0.0.1", role="control"),)
    with pytest.raises(Unavailable) as raised:
        provider(Inventory(nodes=MicroK8sNodes(kind="microk8s", hosts=hosts)), None, SILENCE)
    assert raised.value.seen == "not in this release"


def test_an_existing_cluster_is_used_but_its_nodes_are_left_alone():
    cluster = ExistingCluster("lab", Path("/k"), (), "10.0.0.1")
    cluster.load_images({})
    assert cluster.read_authentication() == ""
    assert not cluster.lets_in
    for attempt in (
        lambda: cluster.run("a", ["true"]),
        lambda: host(cluster, "a").file("/etc/hosts").exists,
        lambda: cluster.load_images({"x": Path("/x.tar")}),
        lambda: cluster.write_authentication("x"),
    ):
        with pytest.raises(Unavailable):
            attempt()


def test_an_existing_cluster_is_never_stopped_or_deleted(tmp_path):
    found = provider(Inventory(nodes=ExistingNodes(kind="existing", kubeconfig=tmp_path, ingress_address="10.0.0.1")), None, SILENCE)
    for attempt in (found.stop, found.delete):
        with pytest.raises(Refused):
            attempt()


def test_a_node_of_an_existing_cluster_has_its_role_and_address():
    item = {
        "metadata": {"name": "a", "labels": {"node-role.kubernetes.io/control-plane": ""}},
        "status": {"addresses": [{"type": "Hostname", "address": "a"}, {"type": "InternalIP", "address": "10.0.0.7"}]},
    }
    assert (_node(item).role, _node(item).address) == ("control", "10.0.0.7")


def test_what_is_not_there_does_not_run_and_can_be_stopped_and_deleted(embedded):
    assert embedded.find() is None
    embedded.stop()
    embedded.delete()
    assert embedded.find() is None


def test_a_cluster_keeps_its_ranges_and_version(embedded):
    made = record.Record("one", "v1.37.2", 1, "10.88.88.0/24", "10.9.0.0/16", "10.96.0.0/16")
    with pytest.raises(Refused) as raised:
        embedded._compare(made)
    assert "pod_subnet 10.9.0.0/16, wanted 10.244.0.0/16" in raised.value.seen
    assert raised.value.next_command == "thinkube cluster delete --cluster-name one"


def test_workers_may_be_added_but_not_lost(embedded):
    made = record.Record.of(embedded.layout, "v1.37.2")
    embedded._compare(made)
    with pytest.raises(Refused, match="cluster one"):
        embedded._compare(record.Record(**{**made.__dict__, "workers": 3}))


def test_a_record_survives_and_a_broken_one_is_none(tmp_path):
    plan = Layout.of(Inventory(name="one", nodes=EmbeddedNodes()), tmp_path)
    record.Record.of(plan, "v1").save(plan.folder)
    assert record.read(plan.folder) == record.Record.of(plan, "v1")
    assert not record.read(plan.folder).made
    (plan.folder / record.FILE).write_text(json.dumps({"name": "one"}))
    assert record.read(plan.folder) is None


def test_other_clusters_are_known_by_their_records(tmp_path):
    for name in ("one", "two"):
        plan = Layout.of(Inventory(name=name, nodes=EmbeddedNodes()), tmp_path)
        record.Record.of(plan, "v1").save(plan.folder)
    assert [other.name for other in record.others(tmp_path, "one")] == ["two"]
    assert record.others(tmp_path / "none", "one") == []


LOADED = hashlib.sha256(b"x").hexdigest()
METRICS = f"""
apiserver_authentication_config_controller_automatic_reloads_total{{apiserver_id_hash="sha256:1",status="failure"}} 2
apiserver_authentication_config_controller_automatic_reloads_total{{apiserver_id_hash="sha256:1",status="success"}} 3
apiserver_authentication_config_controller_last_config_info{{apiserver_id_hash="sha256:1",hash="sha256:{LOADED}"}} 1
"""


def test_the_api_server_says_which_authentication_file_is_in_force():
    assert authentication.in_force(METRICS, "x")
    assert not authentication.in_force(METRICS, "y")
    assert not authentication.in_force("", "x")


def test_the_api_server_says_how_often_it_could_not_take_the_authentication_file():
    assert authentication.failures(METRICS) == 2
    assert authentication.failures("") == 0


def test_a_cluster_whose_programs_run_needs_nothing_more_of_the_machine(embedded, monkeypatch):
    monkeypatch.setattr(checks, "faults", lambda *_, **__: ["no room for another"])
    with pytest.raises(Missing, match="a machine for cluster one"):
        embedded.check()
    monkeypatch.setattr(type(embedded), "_lives", lambda _: True)
    embedded.check()


def test_the_owners_command_loads_images_into_an_existing_cluster(tmp_path):
    archive, loaded = tmp_path / "an image.tar", tmp_path / "loaded"
    archive.write_bytes(b"image")
    cluster = ExistingCluster("lab", Path("/k"), (), "10.0.0.1", ("cp", "{archive}", str(loaded)))
    assert cluster.load_images({"thinkube.local/x:1": archive})
    assert loaded.read_bytes() == b"image"
    assert not cluster.load_images({})


def test_a_load_command_that_fails_says_so(tmp_path):
    (archive := tmp_path / "image.tar").write_bytes(b"")
    cluster = ExistingCluster("lab", Path("/k"), (), "10.0.0.1", ("sh", "-c", "echo no such cluster >&2; exit 3", "{archive}"))
    with pytest.raises(ProgramFailed) as raised:
        cluster.load_images({"thinkube.local/x:1": archive})
    assert (raised.value.seen, raised.value.cause) == ("exit status 3", "no such cluster")
