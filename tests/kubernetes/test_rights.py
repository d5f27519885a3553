"""What the user of a kubeconfig may not do is asked of the API server, kind by kind, unless they may do everything."""

from types import SimpleNamespace

from converge.kubernetes.discovery import UnknownKind
from converge.kubernetes.rights import VERBS, denied

PLURALS = {"Deployment": "deployments", "ClusterRole": "clusterroles", "Namespace": "namespaces"}


class Server:
    """Allows what it is told to; a review has no name, as the real one demands."""

    def __init__(self, *allowed: tuple[str, str, str]) -> None:
        self.allowed = set(allowed)
        self.asked = 0

    def resource(self, kind: str, api_version: str) -> SimpleNamespace:
        if kind not in PLURALS:
            raise UnknownKind(kind)
        return SimpleNamespace(plural=PLURALS[kind])

    def create(self, review: dict) -> dict:
        assert not review["metadata"]
        asked = review["spec"]["resourceAttributes"]
        self.asked += 1
        return {"status": {"allowed": (asked["verb"], asked["group"], asked["resource"]) in self.allowed}}


def test_an_administrator_is_asked_once() -> None:
    server = Server(("*", "*", "*"))
    assert not denied(server, {("Deployment", "apps/v1"), ("Namespace", "v1")})  # type: ignore[arg-type]
    assert server.asked == 1


def test_everything_that_is_lacking_is_named() -> None:
    allowed = [(verb, "apps", "deployments") for verb in VERBS if verb != "delete"]
    role = [(verb, "rbac.authorization.k8s.io", "clusterroles") for verb in VERBS]
    server = Server(*allowed, *role)
    kinds = {("Deployment", "apps/v1"), ("Namespace", "v1"), ("ClusterRole", "rbac.authorization.k8s.io/v1")}
    assert denied(server, kinds) == {  # type: ignore[arg-type]
        "deployments.apps": ("delete",),
        "namespaces": VERBS,
        "clusterroles.rbac.authorization.k8s.io": ("escalate",),
    }


def test_kinds_that_the_platform_brings_are_not_asked_about() -> None:
    assert not denied(Server(), {("Certificate", "cert-manager.io/v1")})  # type: ignore[arg-type]
