from collections.abc import Callable

from converge.components import manifests
from converge.components.metrics.component import Metrics
from converge.components.terms import Context
from converge.inventory import Inventory


def test_no_side_is_trusted_without_a_certificate(context: Callable[..., Context]) -> None:
    objects = list(Metrics(Inventory()).objects(context()))
    api = manifests.only(objects, "APIService")
    assert api["spec"]["insecureSkipTLSVerify"] is False
    assert api["metadata"]["annotations"] == {"cert-manager.io/inject-ca-from": "kube-system/metrics-server"}
    (container,) = manifests.only(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert not [argument for argument in container["args"] if "insecure" in argument]
    assert "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt" in container["args"]
