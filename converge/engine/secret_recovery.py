"""Two ways back where a product has another value than its Secret: keep the product's, or put the Secret's back into the product.

Both may be run again after an interruption: each step finds out whether it was done.
"""

from __future__ import annotations

from converge.components.terms import Credential
from converge.engine.reconcile import Reconciliation
from converge.engine.secret_operation import SecretOperation
from converge.errors import Refused
from converge.kubernetes import secrets


class Adoption(SecretOperation):
    """``Adoption(platform, "keycloak", "keycloak-admin").run("password", "…")``: the Secret gets a value that its product has already."""

    verb = "set"

    def key(self, name: str = "") -> str:
        """The key that is meant; it need not be named where only one is generated.

        Raises:
            Refused: there is no such key, or several.
        """
        if name in self.keys or (not name and len(self.keys) == 1):
            return name or self.keys[0]
        wanted = f"a key of Secret {self.name}: {', '.join(self.keys)}"
        raise Refused(wanted, seen=name or "none named", next_command=f"thinkube secrets set {self.name} {self.keys[0]}")

    def check(self) -> Credential:
        """How a value is tried.

        Raises:
            Refused: the Secret opens nothing that could say whether a value is right.
        """
        if self._credential is None:
            raise Refused(
                f"a value of Secret {self.name} to try",
                seen="nothing signs in with it, so no product can have another value",
                next_command=f"thinkube secrets rotate {self.name}",
            )
        return self._credential

    def run(self, key: str, value: str) -> None:
        """Try the value, keep it in the Secret and its copies, and let everything that uses it follow.

        Raises:
            Refused: the product refuses it; nothing was written.
            Unreachable: nobody answers; nothing was written.
            NotReady: something that uses it did not follow; asking again carries on.
        """
        credential = self.check()
        if not value or not value.isprintable():
            seen = "one with control characters" if value else "nothing"
            raise Refused(f"a value for {key} of Secret {self.name}, in one line", seen=seen, next_command=self._again)
        others = self._now() if len(self.keys) > 1 else {}
        new = self._fixed() | others | {key: value}
        self._note("trying it")
        if not credential.accepts(new):
            raise Refused(
                f"{self.component.name} to accept the {key} for Secret {self.name}",
                seen="it is refused; nothing was written",
                cause="it is mistyped, or the product has yet another one",
                next_command=f"thinkube secrets restore {self.name} (puts the Secret's value back into the product)",
            )
        api = self._platform.api
        self._platform.take_lease()
        self._note("keeping it")
        secrets.ensure(api, self.component.name, [self.secret])
        secrets.replace(api, self.secret, new)
        Reconciliation(self._platform, self.component).write_prerequisites()
        self._restart()
        self._converge("the value that was kept")
        self._wait_until(new, "the value that was kept to be accepted", accepted=True)


class Restoration(SecretOperation):
    """``Restoration(platform, "keycloak", "keycloak-admin").run()``: the product gets the value that its Secret has."""

    verb = "restore"

    def run(self) -> bool:
        """Put the Secret's value into the product; whether the product had another one.

        Raises:
            Refused: the Secret opens nothing.
            NotReady: the value is not accepted afterwards; asking again carries on.
        """
        if self._credential is None:
            raise Refused(
                f"a product that has another value than Secret {self.name}",
                seen="nothing signs in with it",
                next_command=f"pytest features/ -m {self.component.name}",
            )
        api = self._platform.api
        if secrets.changes(api, self.component.name, [self.secret]):
            self._platform.take_lease()
            secrets.ensure(api, self.component.name, [self.secret])
        values = self._fixed() | self._now()
        was_other = self._opens(values) is not True
        if was_other and self._credential.recover:
            self._platform.take_lease()
            self._note("telling its product")
            self._credential.recover(values)
        self._converge("the Secret's value")
        self._wait_until(values, "the Secret's value to be accepted", accepted=True)
        return was_other
