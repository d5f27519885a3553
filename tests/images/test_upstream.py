"""Published images: registries are asked once, mirrors stand in for them, digests are held to."""

from __future__ import annotations

import http.server
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hanging import HANG_S

from converge.errors import Refused
from converge.images import upstream
from converge.images.catalog import Image, load
from converge.images.store import Images
from converge.images.upstream import Upstream
from converge.inventory.model import Images as Source
from converge.inventory.model import Inventory
from converge.process import run

PAUSE = "registry.k8s.io/pause:3.10.2"


class Registry(http.server.BaseHTTPRequestHandler):
    """Answers every request with one status."""

    status = 200
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[tuple[str, type[Registry]]]:
    handler = type("Handler", (Registry,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


def through(mirror: str) -> Upstream:
    return Upstream([PAUSE], mirror, threading.Event())


@pytest.mark.parametrize(("status", "refusal"), [(200, None), (401, None), (503, "answered 503")])
def test_a_registry_answers_or_tells_why_not(registry: tuple[str, type[Registry]], status: int, refusal: str | None) -> None:
    host, handler = registry
    handler.status = status
    said = through(host).refusal(PAUSE)
    assert said == refusal if refusal is None else refusal in str(said)


def test_a_registry_is_asked_once(registry: tuple[str, type[Registry]]) -> None:
    host, handler = registry
    asking = through(host)
    for _ in range(3):
        asking.refusal(PAUSE)
    assert handler.asked == ["/v2/"]


def test_a_registry_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    assert f"registry {host} does not answer" in str(through(host).refusal(PAUSE))


def test_a_mirror_holds_images_under_their_full_names() -> None:
    assert through("mirror.lab:5000").source(PAUSE) == f"mirror.lab:5000/{PAUSE}"
    assert Upstream([], None, threading.Event()).source(PAUSE) == PAUSE


def test_plain_http_is_for_this_machine_only(registry: tuple[str, type[Registry]]) -> None:
    assert upstream._plain(registry[0])
    assert not upstream._plain("quay.io")
    assert not upstream._plain("10.0.0.5:5000")


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("quay.io/a/b:1.0", "quay.io/a/b:1.0"),
        ("quay.io/a/b:1.0@sha256:12", "quay.io/a/b@sha256:12"),
        ("127.0.0.1:5000/a/b@sha256:12", "127.0.0.1:5000/a/b@sha256:12"),
    ],
)
def test_a_digest_is_asked_for_without_the_tag(reference: str, address: str) -> None:
    assert upstream._address(reference) == address


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real registry on loopback, unpacked from its Debian package; nothing is installed."""
    folder = tmp_path_factory.mktemp("registry")
    program = shutil.which("docker-registry")
    if program is None:
        run(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", "docker-registry"], cwd=folder, builds=True)
        run(["dpkg-deb", "-x", next(folder.glob("*.deb")), folder / "files"])
        program = str(folder / "files/usr/bin/docker-registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "config.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\nhttp: {{addr: '{host}'}}\n"
    )
    process = subprocess.Popen([program, "serve", folder / "config.yml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + HANG_S
        while not _answers(host):
            assert process.poll() is None, "the registry ended"
            assert time.monotonic() < until, "the registry does not answer"
            time.sleep(0.05)
        yield host
    finally:
        process.kill()
        process.wait()


def _answers(host: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}/v2/", timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def published(mirror: str) -> str:
    """The image of pause, built here, in the registry under its published name; its digest there."""
    built = Images(Inventory(images=Source(source="packages")))
    source = f"oci-archive:{built.archive('pause')}:{built.reference('pause')}"
    for name in (PAUSE, "registry.k8s.io/another:1"):
        run(["skopeo", "copy", "-q", "--dest-tls-verify=false", source, f"docker://{mirror}/{name}"])
    return run(["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", f"docker://{mirror}/{PAUSE}"]).stdout.strip()


def pulling(mirror: str, *references: str, source: str = "upstream") -> Images:
    image = Image(upstream=references or (PAUSE,))
    inventory = Inventory(images=Source.model_validate({"source": source, "mirror": mirror}))
    return Images(inventory, catalog=load().model_copy(update={"images": {"pause": image}}))


@pytest.mark.slow
@pytest.mark.usefixtures("published")
def test_an_image_comes_through_the_mirror_under_its_published_names(mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINKUBE_CACHE", str(tmp_path))
    for source in ("upstream", "auto"):
        images = pulling(mirror, PAUSE, "registry.k8s.io/another:1", source=source)
        archive = images.archive("pause")
        assert images.references("pause") == (PAUSE, "registry.k8s.io/another:1")
        for name in images.references("pause"):
            user = run(["skopeo", "inspect", "--config", "--format", "{{.Config.User}}", f"oci-archive:{archive}:{name}"]).stdout
            assert user.strip() == "65535:65535"


@pytest.mark.slow
def test_a_pinned_digest_is_held_to(mirror: str, published: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINKUBE_CACHE", str(tmp_path))
    assert pulling(mirror, f"{PAUSE}@{published}").archive("pause").exists()
    with pytest.raises(Refused, match="the image"):
        pulling(mirror, f"{PAUSE}@sha256:{'0' * 64}").archive("pause")


@pytest.mark.slow
@pytest.mark.usefixtures("published")
def test_a_version_that_the_registry_lacks_is_refused(mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINKUBE_CACHE", str(tmp_path))
    with pytest.raises(Refused, match=r"pause:99"):
        pulling(mirror, "registry.k8s.io/pause:99").archive("pause")
