"""The documentation: what of a checkout goes into Git, when people's branch follows it, and what a run does about the newest commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from converge.apis.git import Branch, hash_of
from converge.components import manifests
from converge.components.argo_events.hook import Listens
from converge.components.minio.bucket import Bucket
from converge.components.mkdocs import built, consumers, platform_pages, site
from converge.components.mkdocs.built import Built, Newest, Obtainable
from converge.components.mkdocs.component import Mkdocs
from converge.components.mkdocs.platform_pages import PlatformPages, pages
from converge.components.terms import Context
from converge.errors import Missing, Unreachable
from converge.inventory import Inventory
from converge.kubernetes.failures import ApiRefused

ContextOf = Callable[..., Context]
IMAGE = "thinkube.local/mkdocs:0123456789abcdef"
WIKI: Any = SimpleNamespace(name="wiki", namespace="wiki", inventory=Inventory())


class Server:
    """A Git server with these branches, which remembers what it was to take."""

    def __init__(self, **branches: Branch) -> None:
        self.branches = branches
        self.taken: list[bytes] = []

    def branch(self, _: str, name: str) -> Branch:
        return self.branches.get(name, Branch("", {}))

    def take(self, _: str, commits: bytes) -> None:
        self.taken.append(commits)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in {"mkdocs.yml": "a: 1\n", "docs/index.md": "# Hello\n", "docs/.cache/x": "", "README.md": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def setting(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], PlatformPages]:
    monkeypatch.setattr(platform_pages, "source_root", lambda: checkout)

    def make(server: Server) -> PlatformPages:
        monkeypatch.setattr(platform_pages, "server", lambda _: server)
        return PlatformPages(None)  # type: ignore[arg-type]

    return make


def test_a_checkouts_pages_are_its_configuration_and_what_is_not_hidden(checkout: Path) -> None:
    assert pages(checkout) == {"mkdocs.yml": b"a: 1\n", "docs/index.md": b"# Hello\n"}


def test_where_there_is_no_checkout_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"no mkdocs.yml and docs/"):
        pages(tmp_path)


def held(checkout: Path) -> dict[str, str]:
    return {path: hash_of(data) for path, data in pages(checkout).items()}


def test_an_empty_repository_gets_both_branches(setting: Callable[[Server], PlatformPages]) -> None:
    server = Server()
    one = setting(server)
    assert {difference.field for difference in one.differences()} == {"mkdocs.yml", "docs/index.md"}
    one.write()
    assert b"reset refs/heads/main\nfrom refs/heads/platform\n" in server.taken[0]
    assert b"\nfrom refs/heads/platform^0\ndeleteall" not in server.taken[0]


def test_pages_that_are_there_do_not_differ(setting: Callable[[Server], PlatformPages], checkout: Path) -> None:
    assert not setting(Server(platform=Branch("a", held(checkout)), main=Branch("b", {}))).differences()


def test_a_branch_that_somebody_removed_comes_back(setting: Callable[[Server], PlatformPages], checkout: Path) -> None:
    (found,) = setting(Server(platform=Branch("a", held(checkout)))).differences()
    assert found.field == "branch main"


@pytest.mark.parametrize(("theirs", "follows"), [("a", True), ("b", False)], ids=["nobody has pushed", "somebody has pushed"])
def test_peoples_branch_follows_until_somebody_has_pushed(setting: Callable[[Server], PlatformPages], theirs: str, follows: bool) -> None:
    server = Server(platform=Branch("a", {"docs/old.md": "0"}), main=Branch(theirs, {}))
    one = setting(server)
    assert {difference.field for difference in one.differences()} == {"mkdocs.yml", "docs/index.md", "docs/old.md"}
    one.write()
    assert b"\nfrom refs/heads/platform^0\ndeleteall" in server.taken[0]
    assert (b"reset refs/heads/main" in server.taken[0]) is follows


def workflow(commit: str = "theirs", *, code: str = "3", phase: str = "Failed", template: str = site.TEMPLATE) -> dict[str, Any]:
    outputs = {"exitCode": code, "parameters": [{"name": "release", "value": f"{commit}-0123456789abcdef"}]}
    step = {"type": "Pod", "displayName": "build", "message": "main: Error (exit code 3): nowhere.md", "outputs": outputs}
    status = {"phase": phase, "nodes": {"one": {"type": "Steps", "displayName": "mkdocs-1"}, "two": step}}
    return {"metadata": {"name": "mkdocs-1"}, "spec": {"workflowTemplateRef": {"name": template}}, "status": status}


class Platform:
    """A cluster that serves ``release``, with workflows, and the objects in the bucket."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, release: str, *workflows: Any, theirs: str = "theirs", stored: bool = True) -> None:
        metadata = {"annotations": {site.RELEASE: release} if release else {}}
        self.deployment = {
            "kind": "Deployment",
            "metadata": {"generation": 1},
            "spec": {"template": {"metadata": metadata}},
            "status": {"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": 1, "replicas": 2},
        }
        self.patched: list[Any] = []
        git = Server(main=Branch(theirs, {}), platform=Branch("ours", {}))
        names = ["releases/theirs-0123456789abcdef.tar.gz", "releases/ours-0123456789abcdef.tar.gz"] if stored else []
        for module in (site, built):
            monkeypatch.setattr(module, "server", lambda _: git)
        monkeypatch.setattr(built, "root_store", lambda *_: SimpleNamespace(names=lambda _: names))
        patch = lambda *words: self.patched.append(words)  # noqa: E731
        api = SimpleNamespace(find=lambda *_, **__: self.deployment, list=lambda *_, **__: list(workflows), patch=patch)
        self.access: Any = SimpleNamespace(api=lambda: api)

    def differences(self) -> list[tuple[str, Any]]:
        return [(one.field, one.seen) for one in Built(IMAGE, Inventory(), self.access, 1).differences()]

    def remarks(self) -> list[str]:
        return [str(one) for one in Newest(1).remarks(self.access)]


def test_a_site_of_the_newest_commit_is_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(monkeypatch, "theirs-0123456789abcdef")
    assert (platform.differences(), platform.remarks()) == ([], [])


@pytest.mark.parametrize(
    ("release", "seen"),
    [
        pytest.param("", "none", id="none"),
        pytest.param("older-0123456789abcdef", "older-0123456789abcdef", id="of an older commit"),
        pytest.param("theirs-fedcba9876543210", "theirs-fedcba9876543210", id="built by another image"),
    ],
)
def test_a_site_of_something_else_is_built_again(monkeypatch: pytest.MonkeyPatch, release: str, seen: str) -> None:
    assert Platform(monkeypatch, release).differences() == [("release", seen)]


def test_a_release_that_somebody_removed_is_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Platform(monkeypatch, "theirs-0123456789abcdef", stored=False).differences() == [("release in object storage", "absent")]


def test_pods_do_not_wait_for_a_release_that_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(monkeypatch, "theirs-0123456789abcdef", stored=False)
    lost = Obtainable(Inventory(), platform.access)
    assert lost.differences()
    lost.write()
    assert platform.patched[0][-1] == {"spec": {"template": {"metadata": {"annotations": {site.RELEASE: None}}}}}


@pytest.mark.parametrize(("replicas", "stored"), [(2, True), (1, False)], ids=["on its way", "served already"])
def test_a_release_that_can_be_had_or_is_served_stays(monkeypatch: pytest.MonkeyPatch, replicas: int, stored: bool) -> None:
    platform = Platform(monkeypatch, "theirs-0123456789abcdef", stored=stored)
    platform.deployment["status"]["replicas"] = replicas
    assert not Obtainable(Inventory(), platform.access).differences()


def test_what_people_pushed_and_cannot_be_built_is_said_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(monkeypatch, "older-0123456789abcdef", workflow())
    assert not platform.differences()
    (remark,) = platform.remarks()
    assert "nowhere.md" in remark
    assert "kubectl get workflow mkdocs-1 -n argo" in remark


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(workflow("older"), id="of an older commit"),
        pytest.param(workflow(code="1"), id="whose store was away"),
        pytest.param(workflow(phase="Running"), id="that is still at work"),
        pytest.param(workflow(template="others"), id="of somebody else"),
    ],
)
def test_a_workflow_that_says_nothing_of_these_pages_excuses_nothing(monkeypatch: pytest.MonkeyPatch, ended: Any) -> None:
    platform = Platform(monkeypatch, "older-0123456789abcdef", ended)
    assert platform.differences()
    assert not platform.remarks()


def test_why_is_said_in_the_words_of_mkdocs() -> None:
    ended = workflow()
    executor = 'time="2026-11-27" level=info msg="index config"'
    said = [executor, executor, "INFO    -  Cleaning", "WARNING -  nowhere.md", "", "Aborted", executor, "Error: exit status 3"]
    ended["status"]["nodes"]["two"]["message"] = "main: Error (exit code 3): " + "\n".join(said)
    assert built.why(ended) == "main: Error (exit code 3): WARNING -  nowhere.md Aborted"


def test_the_platforms_own_pages_have_to_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(monkeypatch, "older-0123456789abcdef", workflow("ours"), theirs="ours")
    assert platform.differences()
    assert not platform.remarks()


def test_what_delivers_may_change_one_deployment(context: ContextOf) -> None:
    objects = list(Mkdocs(Inventory()).objects(context()))
    rules = {item["metadata"]["namespace"]: item["rules"] for item in objects if item["kind"] == "Role"}
    assert rules["mkdocs"] == [
        {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["mkdocs-site"], "verbs": ["get", "patch"]}
    ]
    assert {resource for rule in rules["argo"] for resource in rule["resources"]} == {"workflowtaskresults"}


def test_no_step_of_the_workflow_writes_its_root_or_keeps_a_capability(context: ContextOf) -> None:
    templates = manifests.only(list(Mkdocs(Inventory()).objects(context())), "WorkflowTemplate")["spec"]["templates"]
    (build,) = (one for one in templates if one["name"] == "build")
    for container in (*build["initContainers"], build["container"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]


def test_a_reader_of_a_bucket_writes_nothing(context: ContextOf) -> None:
    (user,) = Bucket(WIKI, name="mkdocs", may="read", shared=True).prerequisites(context(), SimpleNamespace(http=None))  # type: ignore[arg-type]
    (statement,) = user._policy()["Statement"]  # type: ignore[attr-defined]
    assert statement["Action"] == ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"]


@pytest.mark.parametrize(
    ("file", "path"), [("docs/index.md", "/"), ("docs/how-to/rollback.md", "/how-to/rollback/"), ("docs/a/index.md", "/a/")]
)
def test_where_a_page_is_shown(file: str, path: str) -> None:
    assert consumers.path_of(file) == path


def test_a_bus_that_is_away_is_no_sensor_that_is_absent() -> None:
    def read(*_: str, **__: str) -> str:
        raise ApiRefused("the bus", 404, {})

    with pytest.raises(Unreachable):
        Listens("mkdocs", lambda: SimpleNamespace(read=read), 1).differences()  # type: ignore[arg-type,return-value]
