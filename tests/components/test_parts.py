"""Components consist of parts and say nothing else; the page that shows how to add one is executed as it stands."""

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from converge.acceptance import workload_faults
from converge.components import COMPONENTS, known
from converge.components.component import Component
from converge.components.part import Elsewhere, Part
from converge.components.parts.hosts import GrpcHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.service_account import ServiceAccount
from converge.components.terms import Context
from converge.inventory import Inventory
from converge.kubernetes import workloads

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-component.md"
ContextOf = Callable[..., Context]


@pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.name)
def test_a_component_says_its_parts_and_overrides_no_answer(kind: type[Component]) -> None:
    said = {"name", "issue", "namespace", "called", "keeps", "keeps_nothing", "is_optional", "only_provisions", "is_machine", "parts"}
    answers = {name for name in vars(Component) if not name.startswith("__")} - said
    assert not answers & set(vars(kind)), "give it a part of its own instead"


@pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.name)
def test_no_answer_is_collected_twice(kind: type[Component], context: ContextOf) -> None:
    component, access = kind(Inventory()), Anything()
    secrets = [(one.namespace, one.name) for one in component.secrets()]
    assert len(secrets) == len(set(secrets))
    subjects = [one.subject for one in (*component.prerequisites(context(), access), *component.settings(context(), access))]
    assert len(subjects) == len(set(subjects))


def test_a_part_comes_after_those_that_it_is_made_of() -> None:
    parts = known(Inventory())["ingress-dashboard"].every_part
    names = [type(part).__name__ for part in parts]
    assert names.index("ConfidentialClient") < names.index("LoginProxy")
    assert all(isinstance(part, Part) for part in parts)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModuleType]]:
    """The components of the page, each file where its first line says, imported."""
    root = tmp_path_factory.mktemp("page")
    for name, text in re.findall(r"^```(?:python|yaml)\n# (\S+)\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    made = {}
    for file in sorted(root.glob("*/component.py")):
        spec = importlib.util.spec_from_file_location(f"page_{file.parent.name}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        made[file.parent.name] = module
    yield made
    for module in made.values():
        del sys.modules[module.__name__]


def test_the_page_adds_two_components_in_less_than_forty_lines_each(page: dict[str, ModuleType]) -> None:
    assert set(page) == {"wiki", "notebook"}
    lines = {name: len(Path(str(module.__file__)).read_text().splitlines()) for name, module in page.items()}
    assert all(count < 40 for count in lines.values()), lines


def test_one_is_behind_the_login_with_a_database_and_a_bucket(page: dict[str, ModuleType], context: ContextOf) -> None:
    wiki = page["wiki"].Wiki(Inventory())
    assert set(wiki.requires) == {"control-node", "postgres", "minio", "cert-manager", "dns", "keycloak", "valkey"}
    assert wiki.images == ("wiki", "oauth2-proxy")
    assert wiki.qualities == {"workloads", "hosts", "sign-on", "secrets", "removable", "keepsake"}
    assert [one.url for one in wiki.endpoints()] == ["https://wiki.thinkube.test"]
    assert {one.name for one in wiki.secrets()} == {"wiki-database", "wiki-bucket", "wiki-oidc", "wiki-valkey", "wiki-cookie"}
    asked = [one.subject for one in wiki.prerequisites(context(), Anything())]
    assert asked == ["database wiki", "bucket wiki", "object storage user wiki", "client wiki of realm thinkube", "Valkey user wiki"]
    assert {one.secret.name for one in wiki.credentials(context(), Anything())} == {
        f"wiki-{kind}" for kind in ("database", "bucket", "oidc", "valkey")
    }
    kept(wiki, context)


def test_one_signs_people_in_itself_and_keeps_a_volume(page: dict[str, ModuleType], context: ContextOf) -> None:
    notebook = page["notebook"].Notebook(Inventory())
    assert set(notebook.requires) == {"control-node", "keycloak", "storage", "cert-manager", "dns"}
    assert notebook.qualities == {"workloads", "volumes", "hosts", "secrets", "removable", "keepsake"}
    (client,) = notebook.prerequisites(context(), Anything())
    assert client.wanted["redirectUris"] == ["https://notebook.thinkube.test/oidc/callback"]
    (claim,) = [item for item in notebook.objects(context()) if item["kind"] == "PersistentVolumeClaim"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
    kept(notebook, context)


def kept(component: Component, context: ContextOf) -> None:
    """What every component promises of its workloads."""
    running = [item for item in component.objects(context()) if item["kind"] in workloads.KINDS]
    assert running
    assert not [*workload_faults.without_resources(running), *workload_faults.without_probes(running), *workload_faults.as_root(running)]


def test_a_grpc_host_speaks_http2_to_the_pods(context: ContextOf) -> None:
    host = GrpcHost(OWNER, selector={"app": "docs"}, target="grpc")
    service, ingress = host.objects(context())
    assert service["metadata"]["annotations"] == {"traefik.ingress.kubernetes.io/service.serversscheme": "h2c"}
    (rule,) = ingress["spec"]["rules"]
    assert (rule["host"], rule["http"]["paths"][0]["backend"]["service"]["name"]) == ("docs-grpc.thinkube.test", "docs-grpc")
    assert host.endpoints()[0].name == "grpc"


@pytest.mark.parametrize(("everywhere", "kinds"), [(False, ["Role", "RoleBinding"]), (True, ["ClusterRole", "ClusterRoleBinding"])])
def test_a_service_account_may_do_what_its_rules_say_and_keeps_a_token_only_where_asked(
    everywhere: bool, kinds: list[str], context: ContextOf
) -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    account, role, binding = ServiceAccount(OWNER, rules=rules, everywhere=everywhere).objects(context())
    assert [role["kind"], binding["kind"]] == kinds
    assert role["rules"] == rules
    assert binding["subjects"] == [{"kind": "ServiceAccount", **account["metadata"]}]
    kept_token = ServiceAccount(OWNER, rules=rules, keeps_token=True)
    assert [item["metadata"]["name"] for item in kept_token.objects(context()) if item["kind"] == "Secret"] == [kept_token.token]


class Anything:
    """An access that nobody asks for anything yet."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: SimpleNamespace(nodes=())


OWNER: Any = SimpleNamespace(name="docs", namespace="docs", inventory=Inventory())


FOLLOWED = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {text: {{ text }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: wiki}
spec: {template: {metadata: {labels: {app: wiki}}, spec: {containers: []}}}
"""


def test_pods_follow_what_they_read_at_their_start(tmp_path: Path, context: ContextOf) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "wiki.yaml").write_text(FOLLOWED)

    def annotations(text: str, *, follow: bool = True) -> object:
        owner = Elsewhere("wiki", "wiki", Inventory())
        _, workload = Manifests(owner, folder=tmp_path, follow=follow, text=text).objects(context())
        return workload["spec"]["template"]["metadata"].get("annotations")

    assert annotations("one") == annotations("one") != annotations("another")
    assert annotations("one", follow=False) is None
