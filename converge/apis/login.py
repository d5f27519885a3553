"""The name and password with which a program signs in to a product."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Login:
    """Who asks: ``Login("root", password)``; the password shows nowhere."""

    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> tuple[str, str]:
        """As ``requests`` takes it for HTTP's basic authentication."""
        return self.username, self.password
