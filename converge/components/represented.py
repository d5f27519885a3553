"""What an admin API holds as a representation: fields of ours, which are compared and written back, beside others' fields, which stay."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from converge.components.differences import absent, differences
from converge.components.terms import Difference


class Represented(ABC):
    """One thing that an admin API holds; what is there beside the fields in ``wanted`` belongs to others and stays."""

    def __init__(self, subject: str, wanted: Mapping[str, Any]) -> None:
        self.subject = subject
        self.wanted = dict(wanted)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self.read()
        return absent(self.subject) if seen is None else differences(self.subject, self.wanted, seen)

    def write(self) -> None:
        """See ``Setting.write``."""
        seen = self.read()
        if seen is None:
            self.create()
        else:
            self.replace(seen)

    @abstractmethod
    def read(self) -> dict[str, Any] | None:
        """What is there, in the same shape as ``wanted``; None where it is absent."""

    @abstractmethod
    def create(self) -> None:
        """Make what is absent."""

    @abstractmethod
    def replace(self, seen: dict[str, Any]) -> None:
        """Write our fields over what is there."""


class RemovableRepresentation(Represented):
    """One that can be taken away again; ``within`` is the component whose data it is."""

    within: str

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self.read() is not None

    def remove(self) -> None:
        """See ``Removable.remove``."""
        if (seen := self.read()) is not None:
            self.take(seen)

    @abstractmethod
    def take(self, seen: dict[str, Any]) -> None:
        """Take away what is there."""
