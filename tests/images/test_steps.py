"""What a build tells while it runs: each step, and how far it is."""

from __future__ import annotations

import shutil
import tarfile
import threading
from pathlib import Path

import pytest

from converge.images import builder, go
from converge.images.cache import Cache, Key
from converge.images.catalog import GoArtifact
from converge.process import ProgramFailed, run
from converge.progress import State


def test_a_program_is_heard_line_by_line_and_remembered_whole() -> None:
    heard: list[str] = []
    done = run(["sh", "-c", "echo one; echo two >&2; echo three"], on_line=heard.append)
    assert (done.stdout, done.stderr) == ("one\nthree\n", "two\n")
    assert sorted(heard) == ["one", "three", "two"]


def test_a_program_that_is_heard_can_be_called_off_and_leaves_its_words() -> None:
    stop = threading.Event()
    with pytest.raises(ProgramFailed) as failed:
        run(["sh", "-c", "echo begun; sleep 30"], stop=stop, on_line=lambda _: stop.set())
    assert failed.value.seen == "called off"
    assert failed.value.completed.stdout == "begun\n"


@pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah builds images")
def test_an_image_tells_its_steps(tmp_path: Path) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe/Containerfile").write_text("FROM scratch\nCOPY Containerfile /here\nLABEL a=b\n")
    (tmp_path / "made").mkdir()
    told: list[str] = []
    containerfile = tmp_path / "recipe/Containerfile"
    stop = threading.Event()
    builder.build(tmp_path / "made", containerfile, ["localhost/x:1"], parent=None, artifacts={}, labels={}, stop=stop, at=told.append)
    assert told == ["step 1 of 3: FROM scratch", "step 2 of 3: COPY Containerfile /here", "packing"]
    assert tarfile.is_tarfile(tmp_path / "made/image.tar")


@pytest.mark.skipif(go.present() is None, reason="Go builds programs")
def test_a_compiler_tells_each_package_and_its_errors_stand_alone(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe"
    (recipe / "sub").mkdir(parents=True)
    (recipe / "go.mod").write_text("module example.test/some/thing\n\ngo 1.24\n")
    (recipe / "main.go").write_text(
        f'package main\n\nimport "example.test/some/thing/sub"\n\nfunc main() {{ println(sub.Name, "{tmp_path}") }}\n'
    )
    (recipe / "sub/sub.go").write_text(f'package sub\n\nconst Name = "{tmp_path}"\n')
    artifact = GoArtifact(kind="go", mib=1)
    stop = threading.Event()
    assert go.fetch_modules("thing", artifact, recipe, stop) >= 2
    told: list[str] = []
    (tmp_path / "made").mkdir()
    go.build("thing", artifact, recipe, tmp_path / "made", stop, told.append)
    assert [name for name in told if name.startswith("example.test/")] == ["example.test/some/thing/sub", "example.test/some/thing"]
    assert told[-1] == "example.test/some/thing"  # Go's own packages come among them where its cache is empty
    (recipe / "main.go").write_text("package main\n\nfunc main() { nonsense() }\n")
    (tmp_path / "again").mkdir()
    with pytest.raises(ProgramFailed) as failed:
        go.build("thing", artifact, recipe, tmp_path / "again", stop)
    assert failed.value.cause == "# example.test/some/thing\n./main.go:3:15: undefined: nonsense"


def test_what_another_process_made_ends_for_us_too(tmp_path: Path) -> None:
    import fcntl

    notes: list[tuple[str, State]] = []

    class Notes:
        def note(self, subject: str, state: State, detail: str = "") -> None:
            notes.append((subject, state))

    key = Key("pulled", "keycloak", "0123456789abcdef")
    cache = Cache(tmp_path, Notes(), threading.Event())
    lock = tmp_path / "locks" / f"pulled-keycloak-{key.digest}"
    lock.parent.mkdir(parents=True)
    other = lock.open("w")
    fcntl.flock(other, fcntl.LOCK_EX)

    def finish() -> None:
        Cache(tmp_path, Notes(), threading.Event())._make(key, lambda folder: None)
        other.close()

    threading.Timer(0.2, finish).start()
    cache.obtain(key, lambda _: pytest.fail("it is there"))
    assert notes == [("image keycloak", State.WAITING), ("image keycloak", State.DONE)]
