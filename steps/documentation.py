"""Documentation: what is pushed to its repository, what people read, and why pages are not built."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pytest_bdd import parsers, then, when

from converge.acceptance.browser import Window
from converge.acceptance.commits import GitPod
from converge.components.git import consumers as git
from converge.components.git.server import server
from converge.components.keycloak.people import Person
from converge.components.login_proxy.session import ProxiedSession
from converge.components.mkdocs import built, consumers, site
from converge.components.mkdocs.delivery import ACCOUNT
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.kubernetes.failures import ApiRefused
from converge.waiting import COMES_S
from steps.browser import PAGES, Attach
from steps.repositories import WayTo

NOWHERE = "nowhere.md"


@dataclass(frozen=True)
class Pushed:
    """A page that somebody pushed: ``file`` is in the repository, and shown at ``path``."""

    file: str
    path: str
    says: str
    commit: str = ""
    before: str = ""
    at: float = field(default_factory=time.monotonic)


@pytest.fixture
def documentation(inventory: Inventory, person: Person) -> ProxiedSession:
    """The documentation in the person's browser."""
    return ProxiedSession(PAGES["documentation"](inventory).rstrip("/"), person.browser)


@when("somebody pushes a new page of the documentation", target_fixture="pushed")
def push_page(platform: Platform, git_pod: GitPod, way_to: WayTo) -> Iterator[Pushed]:
    yield from _pushed(platform, git_pod, way_to, "# A throw-away page\n\nIt says {word}.\n")


@when("somebody pushes a page of the documentation with a broken link", target_fixture="pushed")
def push_broken_page(platform: Platform, git_pod: GitPod, way_to: WayTo) -> Iterator[Pushed]:
    yield from _pushed(platform, git_pod, way_to, f"# A throw-away page\n\nSee [{{word}}]({NOWHERE}).\n")


@when(parsers.re(r'the person searches the documentation for "(?P<word>[^"]+)"'))
def search(window: Window, inventory: Inventory, word: str) -> None:
    window.visit(f"{PAGES['documentation'](inventory)}?q={word}")


@then(parsers.re(r'the search shows the section "(?P<name>[^"]+)"'))
def found(window: Window, attach: Attach, name: str) -> None:
    try:
        window.shows("matching document")
        window.shows(name, "heading")
    finally:
        attach("What is found", window.screenshot())


@then("the person reads that page")
def reads_page(platform: Platform, documentation: ProxiedSession, person: Person, attach: Attach, pushed: Pushed) -> None:
    # How soon depends on the machine: it is told, and a deadline ends only what never comes.
    deadline_s = platform.inventory.deadlines.component_s
    consumers.wait_until_delivered(platform.access, pushed.commit, deadline_s)
    documentation.open(person.credentials)
    consumers.wait_until_says(documentation, pushed.path, pushed.says, deadline_s)
    attach("How soon", f"read {time.monotonic() - pushed.at:.0f} s after the push", "text/plain")


@then("the workflow that was to build it says which link of which page leads nowhere")
def says_why(platform: Platform, inventory: Inventory, pushed: Pushed) -> None:
    said = built.why(consumers.wait_until_failed(platform.access, pushed.commit, inventory.deadlines.component_s))
    assert pushed.file.removeprefix("docs/") in said, said
    assert NOWHERE in said, said


@then("a run of the platform says so too")
def remarked(platform: Platform) -> None:
    remarks = [str(one) for one in platform.component("mkdocs").remarks(platform.read_only_access)]
    assert [one for one in remarks if NOWHERE in one], remarks


@then("the person reads the site as it was")
def as_it_was(platform: Platform, documentation: ProxiedSession, person: Person, pushed: Pushed) -> None:
    assert site.delivered(platform.api).startswith(f"{pushed.before}-")
    assert "Thinkube" in documentation.open(person.credentials).answer.text
    answer = person.browser.http.get(f"{documentation.url}{pushed.path}")
    assert (answer.status_code, pushed.says in answer.text) == (404, False)


@then("the site has every page that is in its repository")
def has_every_page(platform: Platform, documentation: ProxiedSession, person: Person) -> None:
    files = server(platform.access).branch(site.REPOSITORY, site.PEOPLES).files
    wanted = {consumers.path_of(file) for file in files if re.fullmatch(r"docs/.+\.md", file)}
    shown = documentation.open(person.credentials, "/sitemap.xml").answer.text
    assert set(re.findall(rf"<loc>{re.escape(documentation.url)}(/[^<]*)</loc>", shown)) == wanted
    for path in sorted(wanted):
        assert "<article" in documentation.open(None, path).answer.text, path


@then(parsers.re(r'the branch "(?P<name>[^"]+)" of the documentation has every page of this version of the platform'))
def platforms_pages(platform: Platform, name: str) -> None:
    assert server(platform.access).branch(site.REPOSITORY, name).files == consumers.platforms_files()


@then("the account that delivers the documentation may do nothing else in the cluster")
def delivers_only(platform: Platform) -> None:
    account = platform.api.with_token(platform.access.secret("argo", f"{ACCOUNT}-token", "token"))
    assert site.delivered(platform.api) == site.delivered(account)
    for kind, name, namespace in (
        ("Deployment", "mkdocs", site.NAMESPACE),
        ("Secret", "mkdocs-bucket", site.NAMESPACE),
        ("Secret", f"{site.BUILDER}-bucket", "argo"),
        ("Workflow.argoproj.io", "any", "argo"),
    ):
        with pytest.raises(ApiRefused) as refusal:
            account.get(kind, name, namespace)
        assert refusal.value.code == 403, f"{kind} {namespace}/{name}: {refusal.value}"


def reads(platform: Platform, documentation: ProxiedSession, person: Person) -> None:
    """A person signs in and sees every page."""
    wait_until_served(platform.access.http, documentation.url, COMES_S)
    documentation.open(person.credentials)
    consumers.wait_until_says(documentation, "/", "Thinkube", COMES_S)
    has_every_page(platform, documentation, person)


def _pushed(platform: Platform, git_pod: GitPod, way_to: WayTo, text: str) -> Iterator[Pushed]:
    """Push a page as somebody who may write, and have the site as it was at the end."""
    name, word = f"throw-away-{secrets.token_hex(4)}", secrets.token_hex(8)
    file, before = f"docs/{name}.md", site.newest(platform.access)
    with git.deploy_key(platform.access, site.REPOSITORY, "write") as key:
        way = way_to("HTTPS", key)
        commit = git_pod.push(way, text.format(word=word), file)
        yield Pushed(file, f"/{name}/", word, commit, before)
        git_pod.take_back(way, commit, before)
    consumers.wait_until_delivered(platform.access, before, platform.inventory.deadlines.component_s)
