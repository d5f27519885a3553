"""A real cluster on this machine: root, a minute or two, and nothing left afterwards."""

import base64
import contextlib
import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hanging import HANG_S

from converge.errors import Missing, Refused
from converge.images.store import Images
from converge.inventory.model import EmbeddedNodes, Inventory
from converge.kubernetes.client import Api
from converge.nodes.embedded import record
from converge.nodes.embedded.cgroups import Cgroups
from converge.nodes.embedded.provider import EmbeddedProvider
from converge.nodes.host import host
from converge.nodes.kubeadm import configuration
from converge.progress import SILENCE

pytestmark = pytest.mark.cluster

NODES = EmbeddedNodes(workers=1, subnet="10.88.120.0/24", pod_subnet="10.120.0.0/16")
INVENTORY = Inventory(name="nodes-test", nodes=NODES)
GROUP = "thinkube/nodes-test"
MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": "default"}, "data": {"value": "precious"}}


def footprint():
    """All of this machine that a cluster could leave a mark on."""
    cgroups = Cgroups.detect()
    return {
        "processes": {text for path in Path("/proc").glob("[0-9]*/cgroup") if GROUP in (text := _read(path))},
        "mounts": [line for line in Path("/proc/self/mounts").read_text().splitlines() if "nodes-test" in line],
        "links": sorted(link["ifname"] for link in json.loads(_out("ip", "-json", "link")) if link["ifname"].startswith("tk-nodes")),
        "routes": [line for line in _out("ip", "route", "show", "table", "all").splitlines() if "10.88.120" in line or "10.120." in line],
        "rules": _out("ip", "rule"),
        "named namespaces": sorted(Path("/run/netns").glob("*")),
        "groups": [str(group) for tree in (*cgroups.trees, *cgroups.beside) for group in tree.glob(f"{GROUP}*")],
        "packet filter": _filter("iptables-save") + _filter("ip6-tables-save") + _filter("nft", "list", "ruleset"),
        "settings": {name: _read(Path("/proc/sys") / name) for name in SETTINGS},
        "files": [path for path in HOST_FOLDERS if Path(path).exists()],
    }


HOST_FOLDERS = ("/etc/kubernetes", "/var/lib/kubelet", "/etc/cni", "/run/containerd", "/opt/local-path-provisioner", "/var/log/pods")
SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "net/netfilter/nf_conntrack_max",
    "vm/overcommit_memory",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/hostname",
)


def _read(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def _out(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def _filter(*argv):
    try:
        answer = subprocess.run(argv, check=False, capture_output=True, text=True).stdout
    except FileNotFoundError:
        return []
    return [line for line in answer.splitlines() if not line.startswith(("#", ":"))]


@pytest.fixture(scope="module")
def before():
    return footprint()


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clusters") / "state"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THINKUBE_STATE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def provider(before, state):
    if os.geteuid() != 0:
        pytest.fail("a cluster needs root")
    provider = EmbeddedProvider(INVENTORY, Images(INVENTORY), SILENCE)
    provider.delete()
    yield provider
    provider.delete()


@pytest.fixture(scope="module")
def cluster(provider):
    return provider.start(SILENCE)


@pytest.fixture
def api(provider):
    provider.start(SILENCE)
    with Api.from_kubeconfig(provider.layout.kubeconfig) as api:
        yield api


def kill(*pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # it ended with one that was killed before it
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + HANG_S
    while any(Path(f"/proc/{pid}/exe").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)


def ready(api):
    return {
        node["metadata"]["name"]: [entry["status"] for entry in node["status"]["conditions"] if entry["type"] == "Ready"]
        for node in api.list("Node")
    }


def test_every_node_is_ready_and_where_the_inventory_says(cluster, api):
    assert ready(api) == {"nodes-test-control": ["True"], "nodes-test-worker-1": ["True"]}
    assert [node.address for node in cluster.nodes] == ["10.88.120.2", "10.88.120.3"]
    assert cluster.ingress_address == "10.88.120.2"
    assert cluster.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_starting_what_runs_is_quick_and_changes_nothing(provider, cluster):
    processes = provider.cgroups.processes(f"{provider.spaces.group}/nodes-test-control/kubelet")
    provider.start(SILENCE)
    assert provider.cgroups.processes(f"{provider.spaces.group}/nodes-test-control/kubelet") == processes


def test_a_command_runs_inside_the_node(cluster):
    assert host(cluster, "worker-1").check_output("hostname") == "nodes-test-worker-1"
    assert cluster.run("worker-1", ["sh", "-c", "exit 7"]).code == 7
    assert cluster.run("control", ["cat"], stdin="said").stdout == "said"
    with pytest.raises(Refused, match="a node nobody"):
        cluster.run("nobody", ["true"])


def test_a_node_resolves_services_by_the_cluster_dns(cluster):
    assert host(cluster, "worker-1").addr("kubernetes.default.svc.cluster.local").ipv4_addresses == ["10.96.0.1"]


def test_a_node_cannot_see_or_change_this_machines_files(cluster):
    assert cluster.run("control", ["sh", "-c", "touch /usr/mark"]).code != 0
    for here in (Path(__file__).parent, Path(__file__).parent.relative_to("/")):
        assert not host(cluster, "control").file(str(here)).exists, here


def test_no_join_token_lives_longer_than_five_minutes(api):

    for secret in api.list("Secret", "kube-system", fields="type=bootstrap.kubernetes.io/token"):
        until = datetime.fromisoformat(base64.b64decode(secret["data"]["expiration"]).decode())
        assert until - datetime.now(UTC) <= timedelta(seconds=300)


def test_kubelets_are_verified_by_the_clusters_authority(cluster):
    verify = "-CAfile /etc/kubernetes/pki/ca.crt -verify_return_error -verify_ip 10.88.120.3"
    script = f"echo | openssl s_client -connect 10.88.120.3:10250 {verify}"
    assert "Verification: OK" in cluster.run("control", ["sh", "-c", script]).stdout


def test_a_write_is_in_the_audit_log_without_its_body(cluster, api):
    api.create({**MANIFEST, "metadata": {"name": "audited", "namespace": "default"}})
    entries = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    (entry,) = [entry for entry in entries if (entry.get("objectRef") or {}).get("name") == "audited"]
    assert entry["verb"] == "create"
    assert "requestObject" not in entry
    assert not {entry["verb"] for entry in entries} & {"get", "list", "watch"}


def test_authentication_is_replaced_while_the_api_server_runs(cluster):
    text = cluster.read_authentication() + "# the same in other words\n"
    cluster.write_authentication(text)
    assert cluster.read_authentication() == text


def test_an_invalid_authentication_is_refused_in_the_api_servers_words(cluster):
    text = cluster.read_authentication()
    with pytest.raises(Refused) as raised:
        cluster.write_authentication(text.replace("jwt: []", "jwt: [{issuer: {url: 'http://plain'}}]"))
    assert "jwt[0]" in raised.value.seen
    assert cluster.read_authentication() == text


def test_data_is_there_after_stop_and_start(provider, api):
    api.apply(MANIFEST)
    provider.stop()
    assert not provider.cgroups.processes(provider.spaces.group)
    assert not provider.cgroups.exists(provider.spaces.group)
    assert provider.find() is None
    provider.start(SILENCE)
    assert api.get("ConfigMap", "kept", "default")["data"] == {"value": "precious"}
    assert set(map(tuple, ready(api).values())) == {("True",)}


def test_data_is_there_after_every_process_was_killed(provider, api):
    api.apply(MANIFEST)
    kill(*provider.cgroups.processes(provider.spaces.group))
    provider.start(SILENCE)
    assert api.get("ConfigMap", "kept", "default")["data"] == {"value": "precious"}
    assert set(map(tuple, ready(api).values())) == {("True",)}


@pytest.mark.parametrize(
    ("node", "program"),
    [("nodes-test-worker-1", "kubelet"), ("nodes-test-control", "containerd"), ("nodes-test-worker-1", "init"), ("bridge", "init")],
)
def test_one_killed_program_is_started_again(provider, api, node, program):
    kill(provider.spaces.process(node, program))
    provider.start(SILENCE)
    assert provider.spaces.process(node, program)
    assert set(map(tuple, ready(api).values())) == {("True",)}


def test_a_second_cluster_in_the_same_range_is_refused_before_anything_is_touched(cluster, state):
    other = Inventory(name="nodes-other", nodes=NODES)
    with pytest.raises(Missing) as raised:
        EmbeddedProvider(other, Images(other), SILENCE).start(SILENCE)
    assert "subnet 10.88.120.0/24 overlaps" in raised.value.seen
    assert "free: " in raised.value.seen
    assert not (state / "nodes-other").exists()


def test_a_start_that_was_broken_off_early_is_made_anew(provider, before):
    provider.delete()
    record.Record.of(provider.layout, configuration.VERSION).save(provider.layout.folder)
    (provider.layout.control.root / "etc/kubernetes/pki").mkdir(parents=True)
    (provider.layout.control.root / "etc/kubernetes/pki/ca.crt").write_text("half a certifi")
    with_api = provider.start(SILENCE)
    assert with_api.run("control", ["kubectl", "get", "nodes"]).code == 0


def test_a_worker_that_the_inventory_adds_joins_the_running_cluster(provider, api):
    grown = Inventory(name="nodes-test", nodes=NODES.model_copy(update={"workers": 2}))
    EmbeddedProvider(grown, Images(grown), SILENCE).start(SILENCE)
    assert ready(api) == {name: ["True"] for name in ("nodes-test-control", "nodes-test-worker-1", "nodes-test-worker-2")}
    with pytest.raises(Refused, match="as the inventory describes it"):
        provider.start(SILENCE)
    EmbeddedProvider(grown, Images(grown), SILENCE).delete()


def test_deleting_leaves_this_machine_as_it_was(provider, before, state):
    provider.start(SILENCE)
    assert footprint() != before
    provider.delete()
    assert footprint() == before
    assert not state.exists()
