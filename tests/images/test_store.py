"""Images by name: which source, which reference, once a run, in parallel, with room."""

from __future__ import annotations

import _thread
import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from converge.errors import Missing, Refused, ThinkubeError, Unavailable
from converge.images import builder, disk_space, go, maker, packages, store, tools, upstream
from converge.images.cache import Stopped
from converge.images.store import Images
from converge.inventory.model import Images as Source
from converge.inventory.model import Inventory
from converge.process import Completed, ProgramFailed
from converge.progress import State


class Workshop:
    """Stands for every program that builds or pulls, and remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: dict[str, Exception] = {}
        self.answers: dict[str, str | None] = {}
        self.pause_s = 0.0
        self.stop_at = ""

    def work(self, what: str) -> None:
        self.asked.append(what)
        time.sleep(self.pause_s)
        if what in self.fails:
            raise self.fails[what]

    def build(self, folder: Path, containerfile: Path, references: Sequence[str], **_: object) -> None:
        self.work(f"build {containerfile.parent.name}")
        (folder / builder.ARCHIVE).write_text(" ".join(references))

    def go(self, name: str, artifact: object, recipe: Path, folder: Path, *_: object) -> None:
        self.work(f"go {name}")
        (folder / name).write_text("program")

    def unpack(self, artifact: object, folder: Path, stop: threading.Event) -> None:
        self.work(f"unpack {type(artifact).__name__}")
        (folder / "runc").write_text("program")

    def pull(self, references: Sequence[str], folder: Path) -> None:
        self.work(f"pull {references[0]}")
        (folder / builder.ARCHIVE).write_text(" ".join(references))


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workshop:
    workshop = Workshop()
    monkeypatch.setenv("THINKUBE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tools, "require", lambda: None)
    monkeypatch.setattr(builder, "build", workshop.build)
    monkeypatch.setattr(builder, "make_debian", lambda *_: workshop.work("debian"))
    monkeypatch.setattr(go, "workspace", lambda _, recipe, __: contextlib.nullcontext(recipe))
    monkeypatch.setattr(go, "fetch_modules", lambda *_: 1)
    monkeypatch.setattr(go, "build", workshop.go)
    for registry in ("debian", "pypi", "maven"):
        monkeypatch.setattr(packages, registry, workshop.unpack)
    monkeypatch.setattr(upstream.Upstream, "pull", workshop.pull)
    monkeypatch.setattr(upstream, "_probe", lambda host: workshop.answers.get(host, f"registry {host} does not answer"))
    return workshop


def images(source: str = "packages", mirror: str | None = None) -> Images:
    return Images(Inventory(images=Source.model_validate({"source": source, "mirror": mirror})))


def test_a_reference_is_known_without_building(workshop: Workshop) -> None:
    reference = images().reference("keycloak")
    assert reference.startswith("thinkube.local/keycloak:")
    assert len(reference.rpartition(":")[2]) == 16
    assert workshop.asked == []


def test_an_image_is_built_after_what_it_stands_on(workshop: Workshop) -> None:
    archive = images().archive("coredns")
    assert archive.read_text().split()[0] == images().reference("coredns")
    assert workshop.asked == ["debian", "build base", "build static", "go coredns", "build coredns"]


def test_a_second_run_builds_nothing(workshop: Workshop) -> None:
    first = images().archive("coredns")
    del workshop.asked[:]
    assert images().archive("coredns") == first
    assert workshop.asked == []


def test_the_control_plane_carries_the_names_that_kubeadm_asks_for(workshop: Workshop) -> None:
    names = images().references("kubernetes")
    assert images().archive("kubernetes").read_text().split() == list(names)
    assert names[0].startswith("thinkube.local/kubernetes:")
    assert "registry.k8s.io/kube-apiserver:v1.37.2" in names


def test_node_programs_lie_in_one_folder_under_all_their_names(workshop: Workshop) -> None:
    programs = images().programs()
    assert (programs / "kubernetes").read_text() == "program"
    assert {path.name for path in programs.iterdir()} == {"kubernetes", "containerd", "cni-plugins", "runc"}
    del workshop.asked[:]
    assert images().programs() == programs
    assert workshop.asked == []


def test_a_registry_that_answers_is_preferred(workshop: Workshop) -> None:
    workshop.answers = {"quay.io": None}
    assert images("auto").reference("minio").startswith("quay.io/minio/minio:")
    assert images("auto").reference("traefik").startswith("thinkube.local/traefik:")


def test_what_is_cached_decides_before_the_network_does(workshop: Workshop) -> None:
    built = images("auto").reference("minio")
    images("auto").archive("minio")
    workshop.answers = {"quay.io": None}
    assert images("auto").reference("minio") == built


def test_a_published_image_is_pulled_under_its_name(workshop: Workshop) -> None:
    workshop.answers = {"quay.io": None}
    chosen = images("upstream")
    chosen.archive("minio")
    assert workshop.asked == [f"pull {chosen.reference('minio')}"]


def test_a_published_image_with_open_build_options_is_finished_here(workshop: Workshop) -> None:
    workshop.answers = {"quay.io": None}
    chosen = images("upstream")
    assert chosen.archive("keycloak").read_text() == chosen.reference("keycloak")
    assert chosen.reference("keycloak").startswith("thinkube.local/keycloak:")
    assert chosen.reference("keycloak") != images().reference("keycloak")
    assert workshop.asked == ["pull quay.io/keycloak/keycloak:26.7.4", "build keycloak"]


def test_a_silent_registry_makes_an_upstream_image_unavailable(workshop: Workshop) -> None:
    chosen = images("upstream")
    assert chosen.availability("minio") == "registry quay.io does not answer"
    with pytest.raises(Unavailable, match="image minio"):
        chosen.archive("minio")


def test_what_cannot_be_built_here_says_where_it_is_published_and_who_may_have_it(workshop: Workshop) -> None:
    chosen = images("auto")
    assert chosen.availability("harbor-core") == (
        f"{chosen.catalog.images['harbor-core'].upstream[0]} is only published, and registry docker.io does not answer; "
        "images.mirror in the inventory may name a registry that has it"
    )
    assert images("packages").availability("harbor-core") == (
        "image harbor-core is only published, and the inventory says images.source: packages"
    )
    workshop.answers = {"mirror.lab:5000": None}
    mirrored = images("auto", "mirror.lab:5000")
    assert mirrored.availability("harbor-core") is None
    assert mirrored.reference("harbor-core").startswith("docker.io/goharbor/harbor-core:")
    mirrored.archive("harbor-core")
    assert images("auto").availability("harbor-core") is None, "what is cached needs no registry"


def test_what_nobody_publishes_is_unavailable_upstream(workshop: Workshop) -> None:
    assert images("upstream").availability("static") == "image static is not published"


def test_a_mirror_is_asked_instead_of_the_registries(workshop: Workshop) -> None:
    workshop.answers = {"mirror.lab:5000": None}
    assert images("upstream", "mirror.lab:5000").availability("minio") is None
    assert images("upstream", "mirror.lab:5000").reference("minio").startswith("quay.io/minio/minio:")


def test_a_failure_is_not_tried_again_by_the_same_run(workshop: Workshop) -> None:
    workshop.fails["go minio"] = Refused("the Go modules of minio", seen="403 Forbidden")
    chosen = images()
    for _ in range(3):
        with pytest.raises(Refused, match="403"):
            chosen.archive("minio")
    assert workshop.asked.count("go minio") == 1


def test_a_failed_program_is_told_in_the_images_own_words(workshop: Workshop) -> None:
    workshop.fails["build pause"] = ProgramFailed(Completed(("/usr/bin/buildah", "build"), 125, "", "no such step"))
    with pytest.raises(ThinkubeError) as caught:
        images().archive("pause")
    assert str(caught.value) == (
        "wanted: image pause made\nseen:   `buildah`: exit status 125\ncause:  no such step\nnext:   thinkube images build pause"
    )


def test_one_failure_does_not_keep_the_others(workshop: Workshop) -> None:
    workshop.fails["go minio"] = Refused("the Go modules of minio")
    chosen = images()
    with pytest.raises(Refused, match="minio"):
        chosen.prepare(["minio", "coredns", "pause"])
    assert chosen.cached("coredns") == "built"
    assert chosen.cached("pause") == "built"


def test_what_several_images_stand_on_is_built_once(workshop: Workshop) -> None:
    workshop.pause_s = 0.01
    images().prepare(["coredns", "local-path", "metrics-server", "minio"])
    assert workshop.asked.count("build base") == 1
    assert workshop.asked.count("build static") == 1


def test_one_go_build_runs_at_a_time(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = [0], [0]

    def build(name: str, *args: object) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.02)
        running[0] -= 1
        folder = args[2]
        assert isinstance(folder, Path)
        (folder / name).write_text("program")

    monkeypatch.setattr(go, "build", build)
    images().prepare(["coredns", "minio", "pause"], programs=True)
    assert most[0] == 1


def test_calling_off_ends_everything_and_leaves_nothing(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = images()

    def build(name: str, artifact: object, recipe: Path, folder: Path, stop: threading.Event, *_: object) -> None:
        chosen.cancel()
        raise ProgramFailed(Completed(("go", "build"), -9, "", ""))

    monkeypatch.setattr(go, "build", build)
    with pytest.raises(Stopped):
        chosen.prepare(["pause", "minio"])
    assert not list(chosen.cache.folder.glob("*/*/*.part"))


def test_an_interruption_calls_off_every_thread(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = images()

    def wait_for_the_end(*args: object) -> None:
        stop = args[4]
        assert isinstance(stop, threading.Event)
        assert stop.wait(5)
        raise ProgramFailed(Completed(("go", "build"), -9, "", ""))

    monkeypatch.setattr(go, "build", wait_for_the_end)

    # What a terminal does on Ctrl-C: the main thread, which waits, is interrupted.
    jobs = [lambda: chosen.archive("pause"), _thread.interrupt_main, lambda: chosen.archive("minio")]
    with pytest.raises(KeyboardInterrupt):
        chosen._together(jobs)
    assert not list(chosen.cache.folder.glob("*/*/*.part"))


def test_too_little_room_is_said_before_anything_is_built(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: SimpleNamespace(free=100 << 20))
    with pytest.raises(Missing) as caught:
        images().prepare(["keycloak"])
    assert caught.value.seen == "100 MiB"
    assert workshop.asked == []


def test_no_room_is_needed_for_what_is_there(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    images().prepare(["pause"])
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    images().prepare(["pause"])


def test_every_entry_in_use_is_wanted(workshop: Workshop) -> None:
    chosen = images()
    chosen.prepare(["coredns", "pause"], programs=True)
    assert set(chosen.cache.entries()) <= chosen.wanted()
    assert chosen.cache.collect(chosen.wanted())[0] == []


def test_tools_are_asked_for_only_when_something_is_built(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    images().archive("pause")

    def lacking() -> None:
        raise Missing("the programs that build images")

    monkeypatch.setattr(maker.tools, "require", lacking)
    images().archive("pause")
    with pytest.raises(Missing):
        images().archive("minio")


def test_four_jobs_at_most_run_at_once() -> None:
    chosen = store.Images(Inventory())
    names: set[str] = set()

    def job() -> None:
        names.add(threading.current_thread().name)
        time.sleep(0.01)

    chosen._together([job] * 12)
    assert len(names) <= 4


def test_a_pull_tells_how_much_has_arrived(workshop: Workshop) -> None:
    notes: list[tuple[str, State, str]] = []

    class Notes:
        def note(self, subject: str, state: State, detail: str = "") -> None:
            notes.append((subject, state, detail))

    workshop.pause_s = 0.7
    workshop.answers["registry.k8s.io"] = None
    Images(Inventory(images=Source(source="upstream")), Notes()).archive("coredns")
    assert notes[0] == ("image coredns", State.STARTED, "")
    assert notes[1][2].startswith("pulling registry.k8s.io/coredns/coredns:")
    assert notes[2] == ("image coredns", State.MOVED, "0 MB")
    assert notes[-1] == ("image coredns", State.DONE, "")
