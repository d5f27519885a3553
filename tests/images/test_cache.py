"""The cache: made once, checked before use, whole or absent."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hanging import HANG_S

from converge.images.cache import Cache, Corrupt, Key, Stopped, remove
from converge.progress import SILENCE, State

KEY = Key("images", "keycloak", "0123456789abcdef")


class Notes:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, State, str]] = []

    def note(self, subject: str, state: State, detail: str = "") -> None:
        self.lines.append((subject, state, detail))


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def cache(tmp_path: Path, notes: Notes, stop: threading.Event) -> Cache:
    return Cache(tmp_path, notes, stop)


def making(text: str = "layers", count: list[int] | None = None) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        if count is not None:
            count.append(1)
        (folder / "image.tar").write_text(text)

    return make


def test_an_entry_is_made_once_and_then_found(cache: Cache) -> None:
    count: list[int] = []
    first = cache.obtain(KEY, making(count=count))
    assert cache.obtain(KEY, making(count=count)) == first
    assert (first / "image.tar").read_text() == "layers"
    assert len(count) == 1


def test_an_entry_that_could_not_be_made_leaves_nothing(cache: Cache) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        cache.obtain(KEY, fail)
    assert not cache.holds(KEY)
    assert not list(cache.path(KEY).parent.iterdir())


def test_an_interruption_leaves_nothing_half_made(cache: Cache) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.obtain(KEY, interrupted)
    assert not list(cache.path(KEY).parent.iterdir())


def test_what_a_killed_run_left_is_replaced(cache: Cache) -> None:
    part = cache.path(KEY).with_name(f"{KEY.digest}.part")
    part.mkdir(parents=True)
    (part / "image.tar").write_text("ha")
    assert (cache.obtain(KEY, making()) / "image.tar").read_text() == "layers"
    assert not part.exists()


def test_a_program_that_outlived_its_killed_run_is_ended(cache: Cache) -> None:
    part = cache.path(KEY).with_name(f"{KEY.digest}.part")
    (part / "tmp").mkdir(parents=True)
    orphan = subprocess.Popen(["sleep", "60"], env={**os.environ, "TMPDIR": str(part.resolve() / "tmp")})
    cache.obtain(KEY, making())
    assert orphan.wait(timeout=HANG_S) < 0


def test_a_changed_byte_is_noticed_said_and_made_good(cache: Cache, notes: Notes) -> None:
    archive = cache.obtain(KEY, making()) / "image.tar"
    archive.write_text("lAyers")
    with pytest.raises(Corrupt, match="image keycloak whole"):
        cache.check(KEY)
    assert cache.obtain(KEY, making()) / "image.tar" == archive
    assert archive.read_text() == "layers"
    assert ("image keycloak", State.CHANGED, "image.tar is changed: making it again") in notes.lines


@pytest.mark.parametrize("lost", ["image.tar", "entry.json"])
def test_a_lost_file_is_made_good(cache: Cache, lost: str) -> None:
    folder = cache.obtain(KEY, making())
    (folder / lost).unlink()
    assert not cache.holds(KEY)
    assert (cache.obtain(KEY, making()) / "image.tar").read_text() == "layers"


def test_a_record_cut_short_is_made_good(cache: Cache) -> None:
    folder = cache.obtain(KEY, making())
    (folder / "entry.json").write_text('{"files": {"image')
    assert cache.obtain(KEY, making()) == folder
    assert cache.holds(KEY)


def test_a_file_with_new_times_but_the_same_bytes_is_not_made_again(cache: Cache) -> None:
    count: list[int] = []
    archive = cache.obtain(KEY, making(count=count)) / "image.tar"
    os.utime(archive, (1, 1))
    cache.obtain(KEY, making(count=count))
    assert len(count) == 1


def test_a_change_that_keeps_size_and_times_is_found_by_a_full_check(cache: Cache) -> None:
    archive = cache.obtain(KEY, making()) / "image.tar"
    before = archive.stat()
    with archive.open("r+") as file:
        file.write("L")
    os.utime(archive, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.check(KEY)
    with pytest.raises(Corrupt):
        cache.check(KEY, fully=True)


def test_threads_that_want_the_same_make_it_once(cache: Cache) -> None:
    count: list[int] = []

    def slow(folder: Path) -> None:
        time.sleep(0.05)
        making(count=count)(folder)

    threads = [threading.Thread(target=cache.obtain, args=(KEY, slow)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(count) == 1


def _obtain(folder: Path, log: Path) -> None:
    def make(part: Path) -> None:
        with log.open("a") as file:
            file.write("made\n")
        time.sleep(0.2)
        (part / "image.tar").write_text("layers")

    Cache(folder, SILENCE, threading.Event()).obtain(KEY, make)


def test_processes_that_want_the_same_make_it_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    spawn = multiprocessing.get_context("fork")
    processes = [spawn.Process(target=_obtain, args=(tmp_path / "cache", log)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(20)
        assert process.exitcode == 0
    assert log.read_text() == "made\n"


def test_waiting_for_another_process_says_which_and_can_be_called_off(cache: Cache, notes: Notes, stop: threading.Event) -> None:
    lock = cache.folder / "locks" / f"images-keycloak-{KEY.digest}"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as file:
        file.write("4711")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        timer = threading.Timer(0.2, stop.set)
        timer.start()
        with pytest.raises(Stopped):
            cache.obtain(KEY, making())
    assert notes.lines == [("image keycloak", State.WAITING, "for process 4711, which is making it")]


def test_work_that_was_called_off_is_not_kept(cache: Cache, stop: threading.Event) -> None:
    def make(folder: Path) -> None:
        (folder / "image.tar").write_text("half")
        stop.set()

    with pytest.raises(Stopped):
        cache.obtain(KEY, make)
    assert not cache.holds(KEY)


def test_collecting_removes_what_is_unwanted_and_broken_off_only(cache: Cache) -> None:
    old = Key("images", "keycloak", "feedfacefeedface")
    cache.obtain(KEY, making())
    cache.obtain(old, making())
    broken = cache.path(KEY).with_name("cafecafecafecafe.part")
    broken.mkdir()
    removed, freed = cache.collect({KEY})
    assert removed == [old]
    assert freed > 0
    assert cache.holds(KEY)
    assert not broken.exists()
    assert not cache.path(old).exists()


def test_collecting_leaves_what_others_keep_in_the_cache(cache: Cache) -> None:
    foreign = cache.folder / "seeds" / "7a7f6837d211eb91" / "content"
    foreign.mkdir(parents=True)
    assert cache.collect(set()) == ([], 0)
    assert foreign.is_dir()


def test_collecting_leaves_what_another_process_is_making(cache: Cache) -> None:
    part = cache.path(KEY).with_name(f"{KEY.digest}.part")
    part.mkdir(parents=True)
    (cache.folder / "locks").mkdir()
    with (cache.folder / "locks" / f"images-keycloak-{KEY.digest}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        cache.collect(set())
    assert part.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_removing_a_folder_never_deletes_through_a_mount(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    (folder / "mnt").mkdir(parents=True)
    outside.mkdir()
    (outside / "precious").write_text("kept")
    # In a mount namespace of its own, so that nothing can stay behind on this machine.
    program = (
        "import sys; from pathlib import Path; from converge.images.cache import remove;"
        "import subprocess; subprocess.run(['mount', '--bind', sys.argv[1], sys.argv[2] + '/mnt'], check=True); remove(Path(sys.argv[2]))"
    )
    subprocess.run(["unshare", "--mount", sys.executable, "-c", program, outside, folder], check=True, timeout=HANG_S)
    assert (outside / "precious").read_text() == "kept"
    assert not folder.exists()


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove(tmp_path / "absent")


@pytest.fixture
def strict() -> Iterator[None]:
    """A hardened machine's umask."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_what_is_made_under_a_strict_umask_can_be_read_by_everybody(cache: Cache, strict: None) -> None:
    def make(folder: Path) -> None:
        (folder / "lib").mkdir()
        (folder / "lib/text").write_text("")
        (folder / "program").touch(0o777)

    entry = cache.obtain(KEY, make)
    modes = {name: oct((entry / name).stat().st_mode & 0o777) for name in (".", "lib", "lib/text", "program")}
    assert modes == {".": "0o755", "lib": "0o755", "lib/text": "0o644", "program": "0o755"}


def test_an_entry_that_an_earlier_version_made_under_a_strict_umask_is_made_again(cache: Cache, notes: Notes) -> None:
    cache.obtain(KEY, making()).chmod(0o700)
    count: list[int] = []
    cache.obtain(KEY, making(count=count))
    assert count == [1]
    assert notes.lines[0][1:] == (State.CHANGED, "it was made under a strict umask: making it again")
