"""What was built or downloaded, kept by the digest of its inputs: made once, checked before use, whole or absent."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import select
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from converge.errors import ThinkubeError
from converge.progress import Progress, State
from converge.surroundings import open_up

RECORD = "entry.json"
STAMP = "stamp.json"
KINDS = ("artifacts", "images", "programs", "pulled", "releases")
"""Folders of entries; what else lies in the cache belongs to others."""


@dataclass(frozen=True)
class Key:
    """What names an entry: ``Key("images", "keycloak", "5f1c0a…")`` lies in ``images/keycloak/5f1c0a…``."""

    kind: str
    name: str
    digest: str

    def __str__(self) -> str:
        return f"{'image' if self.kind == 'pulled' else self.kind.removesuffix('s')} {self.name}"


class Corrupt(ThinkubeError):
    """An entry's files are not what was stored."""

    usual_next = "thinkube images build"


class Stopped(ThinkubeError):
    """The work was called off; nothing half-made is left."""

    usual_next = "pytest features/"


class Cache:
    """Entries under one folder; safe to use from many threads and processes.

    An entry is a folder that holds what was made and a record of every file's SHA-256. It appears by one rename. On use its
    files are compared with a stamp of sizes, times and inodes, which costs a few ``stat`` calls; only where that differs are
    they read and hashed.
    """

    def __init__(self, folder: Path, progress: Progress, stop: threading.Event) -> None:
        self.folder = folder
        self._progress = progress
        self._stop = stop

    def path(self, key: Key) -> Path:
        """Where the entry is or would be."""
        return self.folder / key.kind / key.name / key.digest

    def holds(self, key: Key) -> bool:
        """Whether the entry is there and whole."""
        try:
            return self.check(key)
        except Corrupt:
            return False

    def check(self, key: Key, *, fully: bool = False) -> bool:
        """Whether the entry is there; ``fully`` reads every byte even where sizes and times are as they were.

        Raises:
            Corrupt: it is there but not what was stored.
        """
        folder = self.path(key)
        if not folder.is_dir():
            return False
        if folder.stat().st_mode & 0o005 != 0o005:
            raise Corrupt(f"{key} readable by everybody", seen="it was made under a strict umask")
        try:
            recorded: dict[str, str] = json.loads((folder / RECORD).read_text())["files"]
        except (OSError, ValueError, KeyError) as error:
            raise Corrupt(f"{key} whole in the cache", seen=f"no readable {RECORD}") from error
        stamp = _stamp(folder, recorded)
        if not fully and stamp == _read_stamp(folder):
            return True
        for name, wanted in recorded.items():
            if name not in stamp or hash_file(folder / name) != wanted:
                raise Corrupt(f"{key} whole in the cache", seen=f"{name} is {'changed' if name in stamp else 'gone'}")
        _write_stamp(folder, stamp)
        return True

    def obtain(self, key: Key, make: Callable[[Path], None]) -> Path:
        """The entry's folder, made by ``make(folder)`` unless it is there; another process that makes it is waited for.

        Raises:
            Stopped: the work was called off meanwhile.
        """
        if self.holds(key):
            return self.path(key)
        with self._locked(key) as has_waited:
            try:
                if self.check(key):
                    if has_waited:
                        self._progress.note(str(key), State.DONE, "by the other process")
                    return self.path(key)
            except Corrupt as error:
                self._progress.note(str(key), State.CHANGED, f"{error.seen}: making it again")
            self._make(key, make)
        return self.path(key)

    def _make(self, key: Key, make: Callable[[Path], None]) -> None:
        folder = self.path(key)
        part = folder.with_name(f"{key.digest}.part")
        remove(part)
        part.mkdir(parents=True)
        part.chmod(0o755)  # what is copied out of it meanwhile takes its mode along
        try:
            make(part)
            if self._stop.is_set():
                raise Stopped(f"{key} made", seen="called off")
            open_up(part)  # images copy files with their modes, and whoever runs them is not root
            seal(part)
            remove(folder)
            part.rename(folder)
        except BaseException:
            remove(part)
            raise

    @contextlib.contextmanager
    def _locked(self, key: Key) -> Iterator[bool]:
        """Hold the entry's lock; whether another process had it before."""
        lock = self.folder / "locks" / f"{key.kind}-{key.name}-{key.digest}"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("a+") as file:
            waiting = False
            while not _try_lock(file.fileno()):
                if not waiting:
                    file.seek(0)
                    self._progress.note(str(key), State.WAITING, f"for {self._maker(file.read().strip())}, which is making it")
                    waiting = True
                # A blocking lock could not be called off.
                if self._stop.wait(0.1):
                    raise Stopped(f"{key} made", seen="called off")
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield waiting

    @staticmethod
    def _maker(pid: str) -> str:
        return "this process" if pid == str(os.getpid()) else f"process {pid or 'unknown'}"

    def entries(self) -> Iterator[Key]:
        """Everything that is stored, whole or not."""
        for folder in sorted(folder for kind in KINDS for folder in self.folder.glob(f"{kind}/*/*")):
            if folder.is_dir() and not folder.name.endswith(".part"):
                yield Key(folder.parent.parent.name, folder.parent.name, folder.name)

    def collect(self, wanted: set[Key]) -> tuple[list[Key], int]:
        """Remove what is not wanted and not in the making, remains of broken-off work included; what went, and its size in bytes."""
        removed, freed = [], 0
        stale = {key for key in self.entries() if key not in wanted}
        parts = {
            Key(part.parent.parent.name, part.parent.name, part.stem) for kind in KINDS for part in self.folder.glob(f"{kind}/*/*.part")
        }
        for key in sorted(stale | parts, key=str):
            folder, part = self.path(key), self.path(key).with_name(f"{key.digest}.part")
            lock = self.folder / "locks" / f"{key.kind}-{key.name}-{key.digest}"
            lock.parent.mkdir(parents=True, exist_ok=True)
            with lock.open("a+") as file:
                if not _try_lock(file.fileno()):
                    continue
                freed += size(part)
                remove(part)
                if key in stale:
                    freed += size(folder)
                    remove(folder)
                    removed.append(key)
        return removed, freed


def seal(folder: Path) -> None:
    """Record every file of a folder that was just made, and put it on disk."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}
    record = {"files": {name: hash_file(path) for name, path in files.items()}}
    for path in files.values():
        _sync(path)
    (folder / RECORD).write_text(json.dumps(record, indent=1))
    _sync(folder / RECORD)
    _write_stamp(folder, _stamp(folder, record["files"]))


def hash_file(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size(folder: Path) -> int:
    """Bytes that the files of a folder occupy."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) if folder.is_dir() else 0


def remove(folder: Path) -> None:
    """Delete a folder and what a killed run left at work in it; mounts go first, so that nothing outside is ever deleted."""
    if not folder.exists():
        return
    _end_programs(folder.resolve())
    inside = f"{folder.resolve()}/"
    with Path("/proc/self/mountinfo").open(encoding="utf-8") as file:
        mounts = [line.split()[4].replace("\\040", " ") for line in file]
    for mount in sorted((mount for mount in mounts if mount.startswith(inside)), reverse=True):
        _unmount(mount)
    shutil.rmtree(folder)


def _end_programs(folder: Path) -> None:
    """End programs that were told to keep their temporary files in the folder; whoever started them is gone."""
    needle = f"TMPDIR={folder}/".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(process.name) != os.getpid() and needle in (process / "environ").read_bytes():
                descriptor = os.pidfd_open(int(process.name))
                try:
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    select.select([descriptor], [], [], 5)
                finally:
                    os.close(descriptor)


def _unmount(mount: str) -> None:
    from converge.process import run

    run(["umount", "--lazy", mount], timeout_s=30)


def _stamp(folder: Path, names: dict[str, str]) -> dict[str, list[int]]:
    stamp = {}
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            stat = (folder / name).stat()
            stamp[name] = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
    return stamp


def _read_stamp(folder: Path) -> dict[str, list[int]] | None:
    try:
        stamp: dict[str, list[int]] = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return None
    return stamp


def _write_stamp(folder: Path, stamp: dict[str, list[int]]) -> None:
    beside = folder / f"{STAMP}.{os.getpid()}.{threading.get_ident()}"
    beside.write_text(json.dumps(stamp))
    beside.rename(folder / STAMP)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
