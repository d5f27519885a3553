"""Certificates come to their end: made short on purpose, never by this machine's clock."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from place import until

from converge.errors import ThinkubeError
from converge.kubernetes.client import Api
from converge.nodes.embedded.machine import machines
from converge.nodes.kubeadm import configuration, expiry

pytestmark = pytest.mark.fault


def shorten(place, seconds):
    """Certificates as they would be after years: kubeadm signs them anew, for a short life."""
    provider = place.provider
    control = provider.layout.control
    path = control.root / configuration.CONFIGURATION.lstrip("/")
    documents = list(yaml.safe_load_all(path.read_text()))
    for document in documents:
        if document["kind"] == "ClusterConfiguration":
            document["certificateValidityPeriod"] = f"{seconds}s"
    path.write_text(configuration.text(*documents))
    provider.spaces.run(control.name, configuration.renewal())
    for node in provider.layout.nodes:
        who = ["--org=system:nodes", f"--client-name=system:node:{node.name}"]
        argv = ["kubeadm", "kubeconfig", "user", f"--config={configuration.CONFIGURATION}", *who, f"--validity-period={seconds}s"]
        (node.root / "etc/kubernetes/kubelet.conf").write_text(provider.spaces.run(control.name, argv).stdout)
        (node.root / expiry.KUBELET_CURRENT.lstrip("/")).unlink()
    return datetime.now(UTC) + timedelta(seconds=seconds)


def ends(place):
    layout, there = place.provider.layout, machines(place.provider.layout, place.provider.spaces)
    kubelets = [one for node in layout.nodes for one in expiry.kubelet(there[node.name], node)]
    return [*of_control_plane(place), *expiry.serving(there), *kubelets]


def of_control_plane(place):
    control = machines(place.provider.layout, place.provider.spaces)[place.provider.layout.control.name]
    return list(expiry.control_plane(control.read(*expiry.CERTIFICATES.values(), *expiry.CREDENTIALS.values())))


def test_certificates_that_expired_while_the_cluster_was_stopped(place, seen):
    """Every certificate of a stopped cluster expires, the kubelets' own too: `thinkube cluster start` brings it up, data kept."""
    place.converge("worker-nodes").require()
    before = {node["metadata"]["name"]: node["metadata"]["uid"] for node in place.api.list("Node")}
    expired_at = shorten(place, 60)
    place.provider.stop()
    until(lambda: datetime.now(UTC) > expired_at + timedelta(seconds=1), "the certificates to expire")
    assert all(one.ends < datetime.now(UTC) for one in ends(place) if not one.name.startswith("serving"))
    seconds = place.mend()
    with Api.from_kubeconfig(place.provider.layout.kubeconfig) as api:
        assert {node["metadata"]["name"]: node["metadata"]["uid"] for node in api.list("Node")} == before
    assert all(one.ends > datetime.now(UTC) + timedelta(days=300) for one in ends(place))
    assert not place.provider.differences()
    seen(f"up in {seconds:.1f} s")


def test_certificates_of_a_running_cluster_near_their_end(place, seen):
    """A plain run renews what has less than a third of its life left; the plan says so before, and the API answers all along."""
    place.mend()
    shorten(place, 1200)
    assert "certificates" in place.plan("control-node")
    refused, asked, over = [], [], threading.Event()

    def ask():
        with Api.from_kubeconfig(place.provider.layout.superuser) as api:
            while not over.is_set():
                try:
                    asked.append(api.view(patience_s=0).read("/readyz"))
                except ThinkubeError as error:
                    refused.append(str(error))
                time.sleep(0.05)

    asking = threading.Thread(target=ask)
    asking.start()
    done = place.converge("worker-nodes")
    over.set()
    asking.join()
    done.require()
    assert done.outcomes["control-node"].changes
    assert not refused, refused[:3]
    assert all(one.ends > datetime.now(UTC) + timedelta(days=3000) for one in of_control_plane(place))
    assert "certificates" not in place.plan("control-node")
    seen(f"renewed in a run of {done.seconds:.1f} s; {len(asked)} questions to the API, none refused")
