"""The login proxy lets in members of its groups only, keeps sessions in Valkey, and holds no secret in its arguments."""

from collections.abc import Callable, Sequence

from converge.components.component import Component
from converge.components.login_proxy.login_proxy import ANSWERS_ONLY, LoginProxy
from converge.components.manifests import only
from converge.components.part import Part
from converge.components.terms import Context, KubernetesObject
from converge.inventory import Inventory


class Docs(Component):
    name = "docs"
    issue = "OPT-100"
    namespace = "docs-space"

    def __init__(self, upstream: str = ANSWERS_ONLY) -> None:
        super().__init__(Inventory())
        self.upstream = upstream

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        return (LoginProxy(self, groups=("writers", "readers"), upstream=self.upstream),)


PROXY = Docs("http://127.0.0.1:8000")


def arguments(objects: list[KubernetesObject]) -> list[str]:
    container = only(objects, "Deployment", "docs")["spec"]["template"]["spec"]["containers"][0]
    return list(container["args"])


def test_only_the_groups_pass_and_one_must_be_named(context: Callable[..., Context]) -> None:
    found = [item for item in arguments(list(PROXY.objects(context()))) if item.startswith("--allowed-group")]
    assert found == ["--allowed-group=writers", "--allowed-group=readers"]


def test_it_stands_before_the_application_or_only_answers(context: Callable[..., Context]) -> None:
    assert "--upstream=http://127.0.0.1:8000" in arguments(list(PROXY.objects(context())))
    assert "--upstream=static://202" in arguments(list(Docs().objects(context())))


def test_the_login_is_as_strict_as_the_standards_allow(context: Callable[..., Context]) -> None:
    said = arguments(list(PROXY.objects(context())))
    for wanted in ("--code-challenge-method=S256", "--cookie-secure=true", "--cookie-name=__Host-docs", "--redis-ca-path=/ca/ca.crt"):
        assert wanted in said
    assert not [item for item in said if "insecure" in item or "skip-verify" in item or item.startswith("--skip-auth")]


def test_secrets_come_from_files_and_secrets_only(context: Callable[..., Context]) -> None:
    container = only(list(PROXY.objects(context())), "Deployment", "docs")["spec"]["template"]["spec"]["containers"][0]
    assert all("valueFrom" in item for item in container["env"])
    made = {secret.name: secret for secret in PROXY.secrets()}
    assert set(made) == {"docs-oidc", "docs-valkey", "docs-cookie"}
    assert {secret.namespace for secret in made.values()} == {"docs-space"}
    assert made["docs-cookie"].keys == {"secret": "hex32"}, "the cookie's key has to be exactly 32 bytes"


def test_its_host_leads_to_it(context: Callable[..., Context]) -> None:
    (rule,) = only(list(PROXY.objects(context())), "Ingress", "docs")["spec"]["rules"]
    assert (rule["host"], rule["http"]["paths"][0]["backend"]["service"]["name"]) == ("docs.thinkube.test", "docs")


def test_it_proves_to_the_application_that_it_is_the_one_who_speaks(context: Callable[..., Context]) -> None:
    class Told(Docs):
        def parts(self, inventory: Inventory) -> Sequence[Part]:
            return (LoginProxy(self, groups=(), upstream=self.upstream, vouches=True),)

    told = Told("http://docs-server.docs-space.svc")
    container = only(list(told.objects(context())), "Deployment", "docs")["spec"]["template"]["spec"]["containers"][0]
    said = {item["name"]: item["valueFrom"]["secretKeyRef"] for item in container["env"]}
    assert said["OAUTH2_PROXY_BASIC_AUTH_PASSWORD"] == {"name": "docs-voucher", "key": "password"}
    assert "docs-voucher" in {secret.name for secret in told.secrets()}
    assert not [item for item in container["args"] if item.startswith("--allowed-group")]
