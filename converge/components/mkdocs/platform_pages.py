"""The platform's own documentation in its Git repository: in a branch of its own, and in people's as long as they have pushed nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from converge.apis.git import Branch, commit, hash_of, moved
from converge.components.git.server import server
from converge.components.mkdocs.site import PEOPLES, PLATFORMS, REPOSITORY
from converge.components.terms import Access, Difference
from converge.errors import Missing
from converge.places import source_root

MESSAGE = "The documentation of the platform\n"


class PlatformPages:
    """Branch `PLATFORMS` holds the checkout's documentation; branch `PEOPLES` follows it until somebody has pushed to that.

    What people pushed is never overwritten, and a new version of the platform's pages never lost: they merge it when they like.
    """

    subject = f"platform's pages in Git repository {REPOSITORY}"

    def __init__(self, access: Access) -> None:
        self._access = access
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``: file by file, by Git's own hashes."""
        seen, wanted = self._server.branch(REPOSITORY, PLATFORMS).files, {path: hash_of(data) for path, data in self._pages.items()}
        found = [
            Difference(self.subject, path, wanted=_short(wanted.get(path)), seen=_short(seen.get(path)))
            for path in sorted(wanted.keys() | seen.keys())
            if wanted.get(path) != seen.get(path)
        ]
        if not found and not self._server.branch(REPOSITORY, PEOPLES).commit:
            found = [Difference(self.subject, f"branch {PEOPLES}", wanted="present", seen="absent")]
        return found

    def write(self) -> None:
        """See ``Setting.write``; Git refuses to move people's branch where somebody pushes in this moment."""
        ours, theirs = (self._server.branch(REPOSITORY, name) for name in (PLATFORMS, PEOPLES))
        parent = f"refs/heads/{PLATFORMS}^0" if ours.commit else ""
        commits = commit(PLATFORMS, MESSAGE, self._pages, parent)
        self._server.take(REPOSITORY, commits + (moved(PEOPLES, f"refs/heads/{PLATFORMS}") if _follows(theirs, ours) else b""))

    @cached_property
    def _pages(self) -> Mapping[str, bytes]:
        return pages(source_root())


def pages(root: Path) -> Mapping[str, bytes]:
    """What MkDocs takes of a checkout: its configuration and everything below ``docs/`` that is not hidden.

    Raises:
        Missing: there is no documentation, as in an installation without the checkout.
    """
    configuration, folder = root / "mkdocs.yml", root / "docs"
    if not configuration.is_file() or not folder.is_dir():
        raise Missing("the platform's documentation", seen=f"no mkdocs.yml and docs/ in {root}", next_command="run from a checkout")
    files = [configuration, *sorted(path for path in folder.rglob("*") if path.is_file())]
    named = {path.relative_to(root): path for path in files}
    return {str(name): path.read_bytes() for name, path in named.items() if not any(part.startswith(".") for part in name.parts)}


def _follows(theirs: Branch, ours: Branch) -> bool:
    return theirs.commit in ("", ours.commit)


def _short(digest: str | None) -> str:
    return digest[:8] if digest else "absent"
