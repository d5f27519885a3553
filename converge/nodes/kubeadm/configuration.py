"""What kubeadm is told: the cluster's configuration as data, and the commands in which its phases run.

Source: kubeadm configuration v1beta4, KubeletConfiguration v1beta1, KubeProxyConfiguration v1alpha1 (Kubernetes 1.37).
"""

from __future__ import annotations

import base64
from typing import Any

import yaml

from converge.nodes.kubeadm.plan import CERTIFICATES, Member, Plan

VERSION = "v1.37.2"
TOKEN_TTL = "300s"  # noqa: S105  (a duration)
SOCKET = "unix:///run/containerd/containerd.sock"
AUTHENTICATION = "/etc/kubernetes/authentication"
AUDIT_POLICY = "/etc/kubernetes/audit/policy.yaml"
AUDIT_LOG = "/var/log/kubernetes/audit.log"
SERVING = "/var/lib/kubelet/pki/serving"
CONFIGURATION = "/etc/kubernetes/thinkube.yaml"
CREDENTIALS = "/etc/kubernetes/image-credentials"
ASKS_FOR_LOGINS = f"--image-credential-provider-config={CREDENTIALS}/config.yaml"
CA_LASTS = "262800h"  # three times what it signs: renewing has to gain something
DISCOVERY = "/etc/kubernetes/discovery.conf"

# Each with its reason; everything else that kubeadm's preflight finds is an error.
IGNORED = (
    "SystemVerification",  # asks for cgroup v2 and kernel configuration files, which some machines lack
    "Hostname",  # node names are resolved by the nodes' own hosts files only
    "Service-Kubelet",  # there is no init system in a node
    "NumCPU",
    "Mem",
    "Port-10250",
    "DirAvailable--etc-kubernetes-manifests",
)

# What `kubeadm init` does after the files are written; we do it ourselves, each as soon as it can be done.
LATER = (
    "preflight", "wait-control-plane", "upload-config", "upload-certs", "mark-control-plane", "bootstrap-token", "kubelet-finalize",
    "addon", "show-join-command",
)  # fmt: skip

Document = dict[str, Any]

EMPTY_AUTHENTICATION: Document = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration", "jwt": []}

POLICY: Document = {
    # Writes, without bodies, which may hold secrets. What the control plane writes for itself all day is left out.
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [
        {"level": "None", "verbs": ["get", "list", "watch"]},
        {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}], "userGroups": ["system:nodes"]},
        {"level": "None", "users": ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver"]},
        {"level": "None", "nonResourceURLs": ["*"]},
        {"level": "None", "resources": [{"group": "", "resources": ["events"]}, {"group": "events.k8s.io", "resources": ["events"]}]},
        {"level": "Metadata"},
    ],
}


def _arguments(**values: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in values.items()]


def _volume(name: str, path: str, *, read_only: bool = True) -> Document:
    return {"name": name, "hostPath": path, "mountPath": path, "readOnly": read_only, "pathType": "DirectoryOrCreate"}


def cluster(plan: Plan) -> Document:
    """The control plane."""
    return {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "ClusterConfiguration",
        "clusterName": plan.name,
        "kubernetesVersion": VERSION,
        "controlPlaneEndpoint": f"{plan.control.address}:6443",
        "networking": {
            "podSubnet": str(plan.pod_subnet),
            "serviceSubnet": str(plan.service_subnet),
            "dnsDomain": "cluster.local",
        },
        "encryptionAlgorithm": "ECDSA-P256",
        "certificateValidityPeriod": lasts(plan),
        "caCertificateValidityPeriod": CA_LASTS,
        "apiServer": {
            "certSANs": [*plan.server_names, "localhost", "127.0.0.1"],
            "extraArgs": _arguments(
                audit_log_path=AUDIT_LOG,
                audit_log_maxsize="50",
                audit_log_maxbackup="2",
                audit_policy_file=AUDIT_POLICY,
                authentication_config=f"{AUTHENTICATION}/config.yaml",
                kubelet_certificate_authority="/etc/kubernetes/pki/ca.crt",
            ),
            "extraVolumes": [
                _volume("authentication", AUTHENTICATION),  # the folder: a mounted file would not see a rename
                _volume("audit-policy", "/etc/kubernetes/audit"),
                _volume("audit-log", "/var/log/kubernetes", read_only=False),
            ],
        },
        "controllerManager": {
            "extraArgs": _arguments(
                # The nodes' shares of the pod range are ours to choose: the pod network is there before the kubelet starts.
                allocate_node_cidrs="false",
                flex_volume_plugin_dir="/var/lib/kubelet/volumeplugins",
                # The default (20 a second) makes starting its controllers take seconds.
                kube_api_qps="200",
                kube_api_burst="400",
                # There is only one; an election would cost the time that the lease of a killed predecessor has left.
                leader_elect="false",
                **({} if plan.certificates == CERTIFICATES else {"cluster_signing_duration": lasts(plan)}),
            )
        },
        "scheduler": {"extraArgs": _arguments(leader_elect="false")},
    }


def lasts(plan: Plan) -> str:
    """How long certificates last, as Go writes it: ``315360000s``."""
    return f"{plan.certificates.total_seconds():.0f}s"


def renewal() -> list[str]:
    """New certificates and credentials of the control plane, of the same keys' owners and names."""
    return ["kubeadm", "certs", "renew", "all", f"--config={CONFIGURATION}"]


def kubelet_credentials(plan: Plan, node: Member) -> list[str]:
    """Print a kubeconfig with which a kubelet asks for a certificate of its own, as kubeadm's documentation has it for expired ones."""
    who = ["--org=system:nodes", f"--client-name=system:node:{node.name}"]
    return ["kubeadm", "kubeconfig", "user", f"--config={CONFIGURATION}", *who, f"--validity-period={lasts(plan)}"]


def registration(node: Member, *, taints: bool) -> Document:
    """How a node introduces itself."""
    document: Document = {
        "name": node.name,
        "criSocket": SOCKET,
        "imagePullPolicy": "IfNotPresent",
        "kubeletExtraArgs": _arguments(node_ip=node.address),
        "ignorePreflightErrors": list(IGNORED),
    }
    return document if taints else {**document, "taints": []}


def initialisation(plan: Plan, token: str) -> Document:
    """The first node: the control plane is tainted where workers can take the pods."""
    return {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "InitConfiguration",
        "bootstrapTokens": [
            {"token": token, "ttl": TOKEN_TTL, "description": "joins the workers", "usages": ["signing", "authentication"]}
        ],
        "localAPIEndpoint": {"advertiseAddress": plan.control.address, "bindPort": 6443},
        "nodeRegistration": registration(plan.control, taints=plan.is_shared),
        "patches": {"directory": "/etc/kubernetes/patches"},
    }


def discovery(plan: Plan, ca_pem: str, token: str) -> Document:
    """How a worker recognises the control plane: where it is and which CA it has, handed over as a file."""
    ca = base64.b64encode(ca_pem.encode()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": plan.name, "cluster": {"server": plan.server, "certificate-authority-data": ca}}],
        "users": [{"name": "bootstrap", "user": {"token": token}}],
        "contexts": [{"name": plan.name, "context": {"cluster": plan.name, "user": "bootstrap"}}],
        "current-context": plan.name,
    }


def joining(node: Member, token: str) -> Document:
    """A worker that joins."""
    return {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "JoinConfiguration",
        "discovery": {"file": {"kubeConfigPath": DISCOVERY}, "tlsBootstrapToken": token},
        "nodeRegistration": registration(node, taints=True),
        "patches": {"directory": "/etc/kubernetes/patches"},
        "timeouts": {"discovery": "30s", "tlsBootstrap": "30s"},
    }


def kubelet(plan: Plan) -> Document:
    """What every kubelet of the cluster does."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": [plan.dns_address],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": SOCKET,
        # By default thresholds are shares of the disk, also of what is reserved: images that nobody could pull again would be removed,
        # pods evicted. With absolute values only a really full disk does that.
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "1Gi", "imagefs.available": "1Gi", "nodefs.inodesFree": "1%"},
        "evictionPressureTransitionPeriod": "30s",
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "nodeStatusMaxImages": -1,
        "nodeStatusUpdateFrequency": "4s",
        "resolvConf": "/etc/kubernetes/upstream-resolv.conf",
        "registryPullQPS": 0,
        "rotateCertificates": True,
        "serializeImagePulls": False,
        "tlsCertFile": f"{SERVING}.crt",
        "tlsPrivateKeyFile": f"{SERVING}.key",
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
    }


def credential_provider(plan: Plan) -> Document:
    """Whom the kubelet asks for a login where it pulls an image from below the platform's domain."""
    provider = {
        "name": "thinkube",
        "matchImages": [f"*.{plan.domain}"],
        "defaultCacheDuration": "0s",
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
    }
    return {"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig", "providers": [provider]}


def proxy(plan: Plan) -> Document:
    """kube-proxy; it may not write the connection tracking limits, which belong to the whole machine."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": str(plan.pod_subnet),
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "iptables": {"minSyncPeriod": "100ms"},
    }


def patches(plan: Plan, node: Member) -> dict[str, Document]:
    """File name → what differs for this node from what kubeadm would write."""
    found: dict[str, Document] = {
        "kubeletconfiguration+strategic.yaml": {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            **plan.kubelet_differs(node),
        }
    }
    if node.is_control:
        found["kube-apiserver+strategic.yaml"] = {
            # The API server does not ask the cluster's DNS; the tokens' issuer is behind the ingress.
            "spec": {"hostAliases": [{"ip": node.address, "hostnames": [f"auth.{plan.domain}"]}]}
        }
    return found


def text(*documents: Document) -> str:
    """Documents as one YAML text."""
    return yaml.safe_dump_all(documents, sort_keys=False)


def control_plane_files() -> list[list[str]]:
    """Certificates, credentials and manifests; nothing runs yet."""
    return [["kubeadm", "init", f"--config={CONFIGURATION}", f"--skip-phases={','.join(LATER)}"]]


def kubelet_command(node: Member) -> list[str]:
    """The kubelet, as kubeadm's unit file for systemd would start it."""
    return [
        "kubelet",
        "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf",
        "--kubeconfig=/etc/kubernetes/kubelet.conf",
        "--config=/var/lib/kubelet/config.yaml",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        ASKS_FOR_LOGINS,
        f"--image-credential-provider-bin-dir={CREDENTIALS}",
    ]
