"""What is done with one generated Secret: whose it is, how its values are tried, and which workloads run with them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from converge.components.component import Component
from converge.components.terms import Credential, GeneratedSecret
from converge.engine.graph import nearest
from converge.engine.outcome import Result
from converge.engine.reconcile import converge
from converge.engine.restarts import Restart, restart
from converge.errors import NotReady, Refused, ThinkubeError, Unreachable
from converge.kubernetes import secrets
from converge.kubernetes.objects import Ref
from converge.kubernetes.wait import wait_until_ready
from converge.progress import State
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from converge.engine.platform import Platform


class SecretOperation:
    """``SecretOperation(platform, "keycloak", "keycloak-database")``; ``consumers`` are the workloads that took its values when they began.

    Raises:
        Refused: no such Secret is generated, all of its values come from the inventory, or it can never be replaced.
    """

    verb = ""
    """The command of ``thinkube secrets`` that carries on after an interruption."""

    def __init__(self, platform: Platform, namespace: str, name: str) -> None:
        self._platform = platform
        self.component, self.secret = _declared(platform, namespace, name)
        self.keys = tuple(key for key, kind in self.secret.keys.items() if not kind.startswith("="))
        if not self.keys:
            raise Refused(
                f"new values for Secret {namespace}/{name}", seen="its values come from the inventory", next_command="change them there"
            )
        if self.secret.lasting:
            raise Refused(f"new values for Secret {namespace}/{name}", seen=self.secret.lasting, next_command="thinkube secrets list")
        context, access = platform.context, platform.access_for(self.component.name)
        found = (one for one in self.component.credentials(context, access) if _place(one.secret) == _place(self.secret))
        self._credential: Credential | None = next(found, None)
        self.consumers = self._consumers()

    @property
    def name(self) -> str:
        """``keycloak/keycloak-database``."""
        return f"{self.secret.namespace}/{self.secret.name}"

    @property
    def is_tried(self) -> bool:
        """Whether it can be seen what its values open."""
        return self._credential is not None

    def _fixed(self) -> dict[str, str]:
        """The values that the inventory gives, such as a user's name."""
        return {key: kind[1:] for key, kind in self.secret.keys.items() if kind.startswith("=")}

    def _now(self) -> dict[str, str]:
        """The generated values that the Secret has."""
        return {key: secrets.value(self._platform.api, self.secret.namespace, self.secret.name, key) for key in self.keys}

    def _consumers(self) -> list[Ref]:
        if self._credential and not self._credential.needs_restart:
            return []
        users = secrets.users(self._platform.api)
        places = {self.secret.namespace, *self.secret.copies}
        return [Ref.of(obj) for obj, names in users if obj["metadata"]["namespace"] in places and self.secret.name in names]

    def _restart(self) -> None:
        """Restart the workloads that took its values: one that runs with those that it has now is left alone."""
        if not self.consumers:
            return
        api = self._platform.api
        since = secrets.written_at(api.get("Secret", self.secret.name, self.secret.namespace))
        for ref in self.consumers:
            self._note(f"restart {ref}")
        restarted = restart(
            api, [Restart(ref, f"new values of {self.name}", secrets.taken(self.secret.name), since) for ref in self.consumers]
        )
        deadline_s = self._platform.inventory.deadlines.component_s
        wait_until_ready(api, restarted, deadline_s, progress=self._platform.progress, subject=self.secret.name)

    def _converge(self, what: str) -> None:
        """Let its component follow.

        Raises:
            NotReady: it did not.
        """
        outcome = converge(self._platform, self.component.name)
        if outcome.result is not Result.CONVERGED:
            raise NotReady(f"{self.component.name} with {what}", seen=outcome.text, next_command=self._again)

    def _wait_until(self, values: Mapping[str, str], what: str, *, accepted: bool) -> None:
        """Try values until they are accepted, or until they are refused.

        Raises:
            NotReady: that did not come about.
        """
        ends_at = time.monotonic() + COMES_S
        while (seen := self._opens(values)) is not accepted:
            if time.monotonic() > ends_at:
                text = "nobody answers" if seen is None else "they are accepted" if seen else "they are refused"
                raise NotReady(what, seen=f"{text}, {COMES_S:.0f} s after Secret {self.name} was written", next_command=self._again)
            self._platform.stopping.wait(0.5)

    def _opens(self, values: Mapping[str, str]) -> bool | None:
        """Whether values are accepted; None where nobody answers."""
        try:
            return self._credential.accepts(values) if self._credential else None
        except Unreachable:
            return None

    @property
    def _again(self) -> str:
        return f"thinkube secrets {self.verb} {self.name}"

    def _note(self, detail: str) -> None:
        self._platform.progress.note(self.name, State.CHANGED, detail)


def declared(platform: Platform) -> dict[tuple[str, str], tuple[Component, GeneratedSecret]]:
    """Every Secret that the platform's components generate, with whose it is, by namespace and name; copies lead to their original."""
    found: dict[tuple[str, str], tuple[Component, GeneratedSecret]] = {}
    for component in platform.components.values():
        try:
            generated = component.secrets()
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
