"""Gives a generated Secret new values, and lets everything that uses it follow; the old ones stop working.

Both sets of values are kept in a Secret beside it until the end, so a rotation that was interrupted is simply run again:
each of its steps finds out whether it was done.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from converge import secrets
from converge.components.component import Component, Credential, GeneratedSecret
from converge.engine.graph import nearest
from converge.engine.outcome import Outcome, Result
from converge.engine.reconcile import Reconciliation
from converge.errors import NotReady, Refused, ThinkubeError, Unreachable
from converge.kubernetes.objects import Ref
from converge.kubernetes.wait import wait_until_ready
from converge.progress import State
from converge.redaction import redact

if TYPE_CHECKING:
    from converge.engine.platform import Platform


def rotate(platform: Platform, name: str) -> Outcome:
    """Rotate the Secret ``keycloak/keycloak-admin``; never raises."""
    started_at, started = time.time(), time.monotonic()
    changes: tuple[str, ...] = ()
    result, text = Result.CONVERGED, ""
    try:
        rotation = Rotation(platform, *name.split("/", 1))
        rotation.run()
        changes = (f"rotate Secret {name}", *(f"restart {ref}" for ref in rotation.consumers))
    except ThinkubeError as error:
        result, text = Result.FAILED, redact(str(error))
    return Outcome(name, result, changes, started_at, time.monotonic() - started, text)


SETTLE_S = 30
"""How long a value that was just replaced may go on working."""


class Rotation:
    """``Rotation(platform, "keycloak", "keycloak-database").run()``; ``consumers`` are what is restarted.

    Raises:
        Refused: no such Secret is generated, or all of its values come from the inventory.
    """

    def __init__(self, platform: Platform, namespace: str, name: str) -> None:
        self._platform = platform
        self.component, self.secret = _declared(platform, namespace, name)
        self.keys = tuple(key for key, kind in self.secret.keys.items() if not kind.startswith("="))
        if not self.keys:
            raise Refused(
                f"new values for Secret {namespace}/{name}", seen="its values come from the inventory", next_command="change them there"
            )
        context, access = platform.context, platform.access
        found = (one for one in self.component.credentials(context, access) if _place(one.secret) == _place(self.secret))
        self._credential: Credential | None = next(found, None)
        self.consumers = self._consumers()

    @property
    def is_tried(self) -> bool:
        """Whether it can be seen that the old values stop working."""
        return self._credential is not None

    def run(self) -> None:
        """Replace the values everywhere.

        Raises:
            NotReady: something that uses them did not follow; asking again carries on.
        """
        api = self._platform.api
        self._platform.hold()
        old, new = self._pair()
        if self._credential:
            self._note("telling its product")
            self._credential.change(old, new)
        self._note("new values")
        secrets.replace(api, self.secret, new)
        Reconciliation(self._platform, self.component).write_prerequisites()
        self._restart(new)
        outcome = self._platform.converge(self.component.name)
        if outcome.result is not Result.CONVERGED:
            raise NotReady(f"{self.component.name} with the new values", seen=outcome.text, next_command=self._again)
        self._try(old, new)
        secrets.forget_rotation(api, self.secret)

    def _pair(self) -> tuple[dict[str, str], dict[str, str]]:
        """The old and the new values: those of a rotation that was interrupted, or new ones."""
        api = self._platform.api
        fixed = {key: kind[1:] for key, kind in self.secret.keys.items() if kind.startswith("=")}
        now = {key: secrets.value(api, self.secret.namespace, self.secret.name, key) for key in self.keys}
        old, new = secrets.begin_rotation(api, self.component.name, self.secret, now)
        return fixed | old, fixed | new

    def _consumers(self) -> list[Ref]:
        """The workloads whose pods took the values at their start."""
        if self._credential and not self._credential.needs_restart:
            return []
        users = secrets.users(self._platform.api)
        places = {self.secret.namespace, *self.secret.copies}
        return [Ref.of(obj) for obj, names in users if obj["metadata"]["namespace"] in places and self.secret.name in names]

    def _restart(self, new: Mapping[str, str]) -> None:
        """A digest of the values on the pods' template: those that have them already are left alone."""
        api = self._platform.api
        digest = hashlib.sha256("\0".join(f"{key}={new[key]}" for key in sorted(new)).encode()).hexdigest()[:16]
        annotation = {f"secret.thinkube.dev/{self.secret.name}"[:83]: digest}
        patch = {"spec": {"template": {"metadata": {"annotations": annotation}}}}
        restarted = []
        for ref in self.consumers:
            self._note(f"restart {ref}")
            restarted.append(api.patch(ref.kind, ref.name, ref.namespace, patch))
        if restarted:
            deadline_s = self._platform.inventory.deadlines.component_s
            wait_until_ready(api, restarted, deadline_s, progress=self._platform.progress, subject=self.secret.name)

    def _try(self, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """The new values open it, the old ones do not."""
        if self._credential is None:
            return
        accepts = self._credential.accepts
        for values, wanted, what in ((new, True, "the new values to be accepted"), (old, False, "the old values to be refused")):
            ends_at = time.monotonic() + SETTLE_S
            while (seen := _seen(accepts, values)) is not wanted:
                if time.monotonic() > ends_at:
                    text = "nobody answers" if seen is None else "they are accepted" if seen else "they are refused"
                    raise NotReady(what, seen=f"{text}, {SETTLE_S} s after the rotation of {self._named}", next_command=self._again)
                self._platform.stopping.wait(0.5)

    @property
    def _named(self) -> str:
        return f"Secret {self.secret.namespace}/{self.secret.name}"

    @property
    def _again(self) -> str:
        return f"thinkube secrets rotate {self.secret.namespace}/{self.secret.name}"

    def _note(self, detail: str) -> None:
        self._platform.progress.note(f"{self.secret.namespace}/{self.secret.name}", State.CHANGED, detail)


def declared(platform: Platform) -> dict[tuple[str, str], tuple[Component, GeneratedSecret]]:
    """Every Secret that the platform's components generate, with whose it is, by namespace and name; copies lead to their original."""
    found: dict[tuple[str, str], tuple[Component, GeneratedSecret]] = {}
    for component in platform.components.values():
        try:
            generated = component.secrets(platform.inventory)
        except ThinkubeError:  # a value from the inventory's environment that is not set here
            continue
        for secret in generated:
            found |= {(namespace, secret.name): (component, secret) for namespace in (secret.namespace, *secret.copies)}
    return found


def _declared(platform: Platform, namespace: str, name: str) -> tuple[Component, GeneratedSecret]:
    known = declared(platform)
    if (namespace, name) not in known:
        near = nearest(f"{namespace}/{name}", [f"{place}/{other}" for place, other in known])
        raise Refused("a Secret that was generated here", seen=f"{namespace}/{name}{near}", next_command="thinkube secrets list")
    return known[namespace, name]


def _place(secret: GeneratedSecret) -> tuple[str, str]:
    return secret.namespace, secret.name


def _seen(accepts: Callable[[Mapping[str, str]], bool], values: Mapping[str, str]) -> bool | None:
    """Whether values are accepted; None where nobody answers."""
    try:
        return accepts(values)
    except Unreachable:
        return None
