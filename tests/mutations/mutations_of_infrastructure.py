"""Mutations of nodes, storage, metrics, names, the ingress and its certificates."""

from __future__ import annotations

from typing import Any

from mutation import Act, Mutation, container, creating, edit, editing, with_argument, without_arguments

from converge import tls
from converge.acceptance import certificates
from converge.components.dns import zone
from converge.components.terms import KubernetesObject
from converge.engine.platform import Platform
from converge.kubernetes.objects import Ref
from converge.kubernetes.wait import wait_until, wait_until_ready

ISSUED_S = 60
METRICS_API = "v1beta1.metrics.k8s.io"


# --- Nodes


def _unprotect(platform: Platform) -> None:
    platform.cluster().kubeconfig.chmod(0o644)


def _protect(platform: Platform) -> None:
    platform.cluster().kubeconfig.chmod(0o600)


def _on_a_node(role: str, command: str) -> Act:
    """Run a shell's command on the first node of a role."""

    def act(platform: Platform) -> None:
        cluster = platform.cluster()
        node = next(node.name for node in cluster.nodes if node.role == role)
        done = cluster.run(node, ["sh", "-c", command])
        assert done.code == 0, done

    return act


_LISTENER = "use IO::Socket::INET; my $door = IO::Socket::INET->new(Listen => 1, LocalPort => 2379) or die; sleep 900"
_listen = _on_a_node("worker", f"perl -e '{_LISTENER}' </dev/null >/dev/null 2>&1 & echo $! >/run/mutation.pid; sleep 1; kill -0 $!")
_listen_no_more = _on_a_node("worker", "kill $(cat /run/mutation.pid); rm /run/mutation.pid")


def _cordon(platform: Platform, *, is_closed: bool = True) -> None:
    worker = next(node.name for node in platform.cluster().nodes if node.role == "worker")
    platform.api.patch("Node", worker, patch={"spec": {"unschedulable": is_closed or None}})


def _uncordon(platform: Platform) -> None:
    _cordon(platform, is_closed=False)


_lasting_token, _no_lasting_token = creating(
    {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "bootstrap.kubernetes.io/token",
        "metadata": {"name": "bootstrap-token-abcdef", "namespace": "kube-system"},
        "stringData": {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"},
    }
)

_administrators_all, _administrators_some = creating(
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "mutation-everybody-administers"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}],
    }
)

NODES = (
    Mutation(
        "the cluster's credentials are readable by everybody on the machine",
        "control-node",
        _unprotect,
        ("infrastructure/control-node.feature::Nobody else on the machine can use the cluster",),
        "0o44",
        undo=_protect,
    ),
    Mutation(
        "the key of the cluster's authority is readable by everybody on its node",
        "control-node",
        _on_a_node("control", "chmod 644 /etc/kubernetes/pki/ca.key"),
        ("infrastructure/control-node.feature::Nobody else on the machine can use the cluster",),
        "0o644",
        undo=_on_a_node("control", "chmod 600 /etc/kubernetes/pki/ca.key"),
    ),
    Mutation(
        "a worker serves on etcd's port",
        "worker-nodes",
        _listen,
        ("infrastructure/worker-nodes.feature::Workers are workers only",),
        "port 2379",
        undo=_listen_no_more,
    ),
    Mutation(
        "a worker takes no pods any more",
        "worker-nodes",
        _cordon,
        ("infrastructure/worker-nodes.feature::Every worker is ready at the address of the inventory",),
        "is cordoned",
        undo=_uncordon,
    ),
    Mutation(
        "a token that lets nodes join never ends",
        "worker-nodes",
        _lasting_token,
        ("infrastructure/worker-nodes.feature::A token that lets a node join is worthless after five minutes",),
        "abcdef",
        undo=_no_lasting_token,
    ),
    Mutation(
        "everybody who has a login administers the cluster",
        "control-node",
        _administrators_all,
        ("core/keycloak-kubernetes.feature::A person outside the group is known and refused",),
        "assert 200 == 403",
        undo=_administrators_some,
    ),
)


# --- Storage and metrics


def _not_default(storage_class: KubernetesObject) -> None:
    storage_class["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] = "false"


_second_default, _no_second_default = creating(
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "mutation", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "rancher.io/local-path",
    }
)


def _insecure(service: KubernetesObject) -> None:
    service["metadata"]["annotations"].pop("cert-manager.io/inject-ca-from")
    service["spec"].pop("caBundle")
    service["spec"]["insecureSkipTLSVerify"] = True


def _trusting(workload: KubernetesObject) -> None:
    without_arguments("--kubelet-certificate-authority")(workload)
    with_argument("--kubelet-insecure-tls")(workload)


def _unbounded(workload: KubernetesObject) -> None:
    container(workload)["resources"].pop("limits")


def _unwatched(workload: KubernetesObject) -> None:
    container(workload).pop("livenessProbe")


def _as_root(workload: KubernetesObject) -> None:
    workload["spec"]["template"]["spec"]["securityContext"] |= {"runAsUser": 0, "runAsNonRoot": False}


STORAGE_AND_METRICS = (
    Mutation(
        "no storage class is the default",
        "storage",
        editing("StorageClass", "local-path", "", _not_default),
        ("infrastructure/storage.feature::A claim needs to name no storage class",),
        "assert 0 == 1",
    ),
    Mutation(
        "two storage classes are the default",
        "storage",
        _second_default,
        ("infrastructure/storage.feature::A claim needs to name no storage class",),
        "assert 2 == 1",
        undo=_no_second_default,
    ),
    Mutation(
        "a container runs as root",
        "storage",
        editing("Deployment", "local-path-provisioner", "local-path-storage", _as_root),
        ("infrastructure/storage.feature::The storage runs bounded, watched and unprivileged",),
        "user 0",
    ),
    Mutation(
        "a container has no limits",
        "storage",
        editing("Deployment", "local-path-provisioner", "local-path-storage", _unbounded),
        ("infrastructure/storage.feature::The storage runs bounded, watched and unprivileged",),
        "no limits.memory",
    ),
    Mutation(
        "a container has no liveness probe",
        "metrics",
        editing("Deployment", "metrics-server", "kube-system", _unwatched),
        ("infrastructure/metrics.feature::The metrics API runs bounded, watched and unprivileged",),
        "no livenessProbe",
    ),
    Mutation(
        "the API server does not verify who answers for metrics",
        "metrics",
        editing("APIService", METRICS_API, "", _insecure),
        ("infrastructure/metrics.feature::Neither side of the metrics API is trusted without a certificate",),
        "assert not True",
    ),
    Mutation(
        "metrics does not verify the kubelets",
        "metrics",
        editing("Deployment", "metrics-server", "kube-system", _trusting),
        ("infrastructure/metrics.feature::Neither side of the metrics API is trusted without a certificate",),
        "--kubelet-insecure-tls",
    ),
)


# --- Names


def _corefile(platform: Platform, text: str) -> None:
    """Put another block in our block's place and start CoreDNS with it."""
    api = platform.api
    seen = api.get("ConfigMap", zone.NAME, zone.NAMESPACE)["data"]["Corefile"]
    wrong = zone.with_block(seen, text)
    api.patch("ConfigMap", zone.NAME, zone.NAMESPACE, patch={"data": {"Corefile": wrong}})
    restart = {"spec": {"template": {"metadata": {"annotations": {zone.ANNOTATION: f"{zone.digest(wrong)}-mutation"}}}}}
    wait_until_ready(api, [api.patch("Deployment", zone.NAME, zone.NAMESPACE, patch=restart)], 180, subject="dns")


def _no_zone(platform: Platform) -> None:
    _corefile(platform, "")


def _wrong_address(platform: Platform) -> None:
    _corefile(platform, zone.block(platform.inventory.domain_name, "192.0.2.1"))


def _every_name(platform: Platform) -> None:
    text = zone.block(platform.inventory.domain_name, platform.context.ingress_address)
    _corefile(platform, text.replace(f"{platform.inventory.domain_name}:53 {{", f"{platform.inventory.domain_name}:53 invalid:53 {{"))


NAMES = (
    Mutation(
        "the domain's DNS zone is gone",
        "dns",
        _no_zone,
        ("infrastructure/dns.feature::Pods find the platform's hosts and the cluster's services",),
        "set()",
    ),
    Mutation(
        "DNS answers with another address",
        "dns",
        _wrong_address,
        (
            "infrastructure/dns.feature::Pods find the platform's hosts and the cluster's services",
            "infrastructure/dns.feature::Nodes find the platform's hosts",
        ),
        "192.0.2.1",
    ),
    Mutation(
        "names outside the domain lead to the ingress",
        "dns",
        _every_name,
        ("infrastructure/dns.feature::Names outside the platform do not lead to it",),
        "assert not True",
    ),
)


# --- The ingress and its certificates


def _reissued(change: Any) -> Any:
    """Change the wildcard certificate, and wait until the ingress presents what that leads to."""

    def act(platform: Platform) -> None:
        before = platform.api.get(certificates.KIND, "wildcard", "ingress")["status"].get("revision", 0)
        edit(platform, certificates.KIND, "wildcard", "ingress", change)

        def is_new(seen: dict[str, Any] | None) -> bool:
            return certificates.is_issued(seen) and seen is not None and seen["status"].get("revision", 0) > before

        wait_until(
            platform.api, Ref("Certificate", "wildcard", "ingress", certificates.API_VERSION), is_new, ISSUED_S, wanted="issued anew"
        )
        issued = tls.from_secret(platform.api.get("Secret", "wildcard-tls", "ingress"))
        tls.wait_until_presented(platform.cluster().ingress_address, platform.inventory.host("ingress"), issued, ISSUED_S)

    return act


def _self_signed(platform: Platform) -> None:
    issuer = {"apiVersion": certificates.API_VERSION, "kind": "ClusterIssuer", "metadata": {"name": "mutated"}, "spec": {"selfSigned": {}}}
    platform.api.apply(issuer, force=True)
    _reissued(lambda certificate: certificate["spec"]["issuerRef"].update(name="mutated"))(platform)


def _nameless(certificate: KubernetesObject) -> None:
    certificate["spec"]["dnsNames"] = [name for name in certificate["spec"]["dnsNames"] if ".kn." not in name]


def _other_key(certificate: KubernetesObject) -> None:
    certificate["spec"]["privateKey"] |= {"algorithm": "RSA", "size": 2048}


def _no_certificate(platform: Platform) -> None:
    """The ingress still has its route, and falls back to a certificate that it made itself."""
    issued = tls.presented(platform.cluster().ingress_address, platform.inventory.host("ingress"))
    edit(platform, "Ingress", "ingress", "ingress", lambda ingress: ingress["spec"].pop("tls"))
    for _ in range(100):
        if tls.presented(platform.cluster().ingress_address, platform.inventory.host("ingress")) != issued:
            return


_broken_issuer, _no_broken_issuer = creating(
    {
        "apiVersion": certificates.API_VERSION,
        "kind": "ClusterIssuer",
        "metadata": {"name": "mutation"},
        "spec": {"ca": {"secretName": "nobody-made-this"}},
    }
)

CERTIFIED = "core/cert-manager.feature::The ingress presents the platform's certificate"

INGRESS = (
    Mutation(
        "the wildcard certificate is self-signed",
        "cert-manager",
        _self_signed,
        (CERTIFIED,),
        "self-signed certificate",
    ),
    Mutation(
        "the wildcard certificate does not name functions",
        "cert-manager",
        _reissued(_nameless),
        ("core/cert-manager.feature::One certificate covers every host of the domain",),
        "*.kn.",
    ),
    Mutation(
        "the wildcard certificate has an RSA key",
        "cert-manager",
        _reissued(_other_key),
        ("core/cert-manager.feature::One certificate covers every host of the domain",),
        "RSA",
    ),
    Mutation(
        "the ingress has lost its certificate",
        "ingress",
        _no_certificate,
        (CERTIFIED,),
        "certificate",
    ),
    Mutation(
        "an issuer cannot sign",
        "cert-manager",
        _broken_issuer,
        ("core/cert-manager.feature::The issuers are ready",),
        "not ready: ['mutation']",
        undo=_no_broken_issuer,
    ),
    Mutation(
        "plain requests are not sent to TLS",
        "ingress",
        editing("Deployment", "traefik", "ingress", without_arguments("--entrypoints.web.http.redirections")),
        ("infrastructure/ingress.feature::A plain request is sent to the same page over TLS",),
        "404",
    ),
    Mutation(
        "the ingress shows its dashboard to the cluster",
        "ingress",
        editing("Deployment", "traefik", "ingress", with_argument("--api.insecure=true")),
        ("infrastructure/ingress-dashboard.feature::The dashboard cannot be reached past the platform login",),
        "port 8080 answers",
    ),
    Mutation(
        "the ingress counts nothing",
        "ingress",
        editing("Deployment", "traefik", "ingress", without_arguments("--metrics.")),
        ("infrastructure/ingress.feature::The ingress counts what passes through it",),
        "metrics",
    ),
)

TABLE = (*NODES, *STORAGE_AND_METRICS, *NAMES, *INGRESS)
