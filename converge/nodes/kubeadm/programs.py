"""The node programs of one cluster: its own, so that it starts again whatever becomes of the cache."""

from __future__ import annotations

import shutil
from pathlib import Path


def gather(source: Path, target: Path) -> None:
    """Fill ``target`` with what ``source`` links to, whole or not at all; one program with many names stays one."""
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    draft.chmod(0o755)
    originals: dict[Path, Path] = {}
    for program in sorted(source.iterdir()):
        original = program.resolve()
        if original in originals:
            (draft / program.name).symlink_to(originals[original].name)
        else:
            originals[original] = draft / program.name
            _link(original, draft / program.name)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def _link(original: Path, target: Path) -> None:
    """The same file under another name where the file system can, else a copy."""
    try:
        target.hardlink_to(original)
    except OSError:
        shutil.copy2(original, target)
