"""Secrets that are made once, at random, and kept in the cluster: created where absent, never overwritten, read back."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Iterator, Sequence

from converge.errors import NotReady, Refused
from converge.kubernetes.changes import Action, Change
from converge.kubernetes.client import Api
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.keeping import GENERATED
from converge.kubernetes.objects import GeneratedSecret, KubernetesObject, Ref, labels_of
from converge.kubernetes.stages import Stage
from converge.redaction import REDACTOR

ORIGINAL = "thinkube.dev/copy-of"
"""The annotation of a copy that names its original: ``keycloak/keycloak-admin``."""

_ALPHABET = string.ascii_letters + string.digits
_PASSWORD_LENGTH = 32


def changes(api: Api, owner: str, generated: Sequence[GeneratedSecret]) -> list[Change]:
    """What `ensure` would do: create what is absent, complete what lacks a key, align copies. Reads only."""
    return [change for secret in generated for change in _changes(api, owner, secret)]


def ensure(api: Api, owner: str, generated: Sequence[GeneratedSecret]) -> list[Change]:
    """Create the Secrets that are absent and return what was done; their namespaces must exist.

    Values that exist are never overwritten: a key that is missing is added, a copy follows its original.

    Raises:
        Refused: a Secret of that name exists and is somebody else's.
    """
    return [_write(api, change) for secret in generated for change in _changes(api, owner, secret)]


def value(api: Api, namespace: str, name: str, key: str) -> str:
    """One value of a Secret, decoded.

    Raises:
        NotReady: the Secret or its key does not exist (yet).
    """
    found = api.find("Secret", name, namespace)
    data = (found or {}).get("data") or {}
    if key not in data:
        seen = f"only the keys {', '.join(sorted(data)) or 'of an empty Secret'}" if found else "no such Secret"
        raise NotReady(f"key {key} in Secret {namespace}/{name}", seen=seen, next_command=f"kubectl get secret {name} -n {namespace}")
    return _decoded(data[key])


def every(api: Api) -> list[KubernetesObject]:
    """All generated Secrets of the platform, copies included."""
    return api.list("Secret", labels=GENERATED)


def make(kind: str) -> str:
    """A value of a kind that `GeneratedSecret` names: ``password``, ``hex32`` or ``=text``.

    Raises:
        Refused: there is no such kind.
    """
    if kind.startswith("="):
        return kind[1:]
    if kind == "password":
        made = "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
    elif kind == "hex32":
        made = secrets.token_hex(16)
    else:
        raise Refused("a kind of generated value: password, hex32 or =text", seen=kind)
    REDACTOR.add(made)
    return made


def _changes(api: Api, owner: str, secret: GeneratedSecret) -> Iterator[Change]:
    """Lazily, so that copies are compared with an original that `ensure` has just written."""
    original = api.find("Secret", secret.name, secret.namespace)
    refused = _foreign(original, owner)
    data = dict((original or {}).get("data") or {})
    missing = [key for key in secret.keys if key not in data]
    if original is None or missing or refused:
        added = {key: _encoded(make(secret.keys[key])) for key in missing}
        data |= added
        wanted = _object(owner, secret, secret.namespace, {**data} if original is None else added)
        yield _change(original, wanted, refused or ("" if original is None else f"it lacks {', '.join(missing)}"), is_refused=bool(refused))
        if refused:
            return
        written = api.find("Secret", secret.name, secret.namespace)
        data = dict((written or {}).get("data") or data)
    for namespace in secret.copies:
        if namespace == secret.namespace:
            continue
        copy = api.find("Secret", secret.name, namespace)
        refused = _foreign(copy, owner)
        if refused or copy is None or any((copy.get("data") or {}).get(key) != data[key] for key in secret.keys):
            wanted = _object(owner, secret, namespace, {key: data[key] for key in secret.keys})
            wanted["metadata"]["annotations"] = {ORIGINAL: f"{secret.namespace}/{secret.name}"}
            yield _change(copy, wanted, refused or ("" if copy is None else "it is not as its original"), is_refused=bool(refused))


def _change(live: KubernetesObject | None, wanted: KubernetesObject, reason: str, *, is_refused: bool) -> Change:
    action = Action.CONFLICT if is_refused else Action.CREATE if live is None else Action.CHANGE
    return Change(action, Ref.of(wanted), Stage.CONFIGURATION, (), reason, wanted, live)


def _write(api: Api, change: Change) -> Change:
    wanted = change.wanted
    if wanted is None or change.action is Action.CONFLICT:
        raise Refused(f"to make {change.ref}", seen=change.reason, next_command=f"kubectl get {change.ref.kubectl} -o yaml")
    if change.action is Action.CHANGE:
        api.patch("Secret", change.ref.name, change.ref.namespace, {"data": wanted["data"]})
        return change
    try:
        api.create(wanted)
    except ApiRefused as refused:
        if refused.reason != "AlreadyExists":  # made meanwhile: its values count, not ours
            raise
    return change


def _object(owner: str, secret: GeneratedSecret, namespace: str, data: dict[str, str]) -> KubernetesObject:
    labels = {GENERATED: "true", COMPONENT: owner}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": secret.name, "namespace": namespace, "labels": labels},
        "type": "Opaque",
        "data": data,
    }


def _foreign(found: KubernetesObject | None, owner: str) -> str:
    if found is None or (GENERATED in labels_of(found) and labels_of(found).get(COMPONENT) == owner):
        return ""
    whose = labels_of(found).get(COMPONENT)
    return f"it exists and belongs to component {whose}" if whose else "it exists and is not one that was generated here"


def _decoded(data: str) -> str:
    text = base64.b64decode(data).decode()
    REDACTOR.add(text)
    return text


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
