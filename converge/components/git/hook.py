"""Being told of pushes: the part of a component that does something when somebody has pushed."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.differences import absent, differences
from converge.components.git.server import server
from converge.components.part import Owner, Part
from converge.components.terms import Access, Context, Difference, Setting


class PushHook(Part):
    """The Git server sends a request to ``url`` after each push to a repository: ``PushHook(self, repository="docs", url=hook.url)``.

    The request says what was moved, as JSON; whoever pushed is told whether it was taken. Nothing proves that it comes from the Git
    server, so what it starts should look at the repository itself.
    """

    requires = ("git",)

    def __init__(self, owner: Owner, *, repository: str, url: str) -> None:
        self._name = owner.name
        self._repository = repository
        self._url = url

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        return (HookItself(self._name, self._repository, self._url, access),)


class HookItself:
    """Who is told, and where."""

    within = "git"

    def __init__(self, name: str, repository: str, url: str, access: Access) -> None:
        self.subject = f"Git hook {name}"
        self._name = name
        self._wanted = {"repository": repository, "url": url}
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self._server.hooks().get(self._name)
        return absent(self.subject) if seen is None else differences(self.subject, self._wanted, seen)

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server.write_hook(self._name, self._wanted["repository"], self._wanted["url"])

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._name in self._server.hooks()

    def remove(self) -> None:
        """See ``Removable.remove``."""
        self._server.unhook(self._name)
