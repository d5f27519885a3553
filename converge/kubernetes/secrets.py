"""Secrets that are made once, at random, and kept in the cluster: created where absent, never overwritten, read back."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from converge import ssh_keys
from converge.errors import NotReady, Refused
from converge.kubernetes.changes import Action, Change
from converge.kubernetes.client import Api
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import GeneratedSecret, KubernetesObject, Ref, annotations_of, labels_of
from converge.kubernetes.retention import GENERATED
from converge.kubernetes.stages import Stage
from converge.kubernetes.workloads import LASTING
from converge.redaction import REDACTOR

ORIGINAL = "thinkube.dev/copy-of"
"""The annotation of a copy that names its original: ``keycloak/keycloak-admin``."""

ROTATED = "thinkube.dev/rotated"
"""The annotation that says when a Secret got the values that it has."""

ROTATION = "thinkube.dev/rotation-of"
"""The annotation of a Secret that keeps old and new values while those are being replaced: ``keycloak/keycloak-admin``."""

_ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_ALPHABET = "".join(_ALPHABETS)
_PASSWORD_LENGTH = 32


def changes(api: Api, owner: str, generated: Sequence[GeneratedSecret]) -> list[Change]:
    """What `ensure` would do: create what is absent, complete what lacks a key, align copies. Reads only."""
    return [change for secret in generated for change in _changes(api, owner, secret)]


def ensure(api: Api, owner: str, generated: Sequence[GeneratedSecret]) -> list[Change]:
    """Create the Secrets that are absent and return what was done; their namespaces must exist.

    Values that exist are never overwritten, but for those that the inventory gives: a key that is missing is added, a copy follows its
    original.

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


def users(api: Api) -> list[tuple[KubernetesObject, frozenset[str]]]:
    """Every workload whose pods take values from Secrets, with the names of those."""
    with ThreadPoolExecutor(len(LASTING)) as pool:
        found = [obj for objects in pool.map(api.list, LASTING) for obj in objects]
    return [(obj, names) for obj in found if (names := frozenset(named(obj["spec"]["template"]["spec"])))]


def since(secret: KubernetesObject) -> str:
    """When a Secret got its values: ``2026-11-23T21:08:00Z``."""
    return annotations_of(secret).get(ROTATED) or str(secret["metadata"].get("creationTimestamp", ""))


def written_at(secret: KubernetesObject) -> str:
    """When somebody last wrote values into a Secret, by the API server's clock."""
    entries = secret["metadata"].get("managedFields") or ()
    times = [str(entry["time"]) for entry in entries if "f:data" in (entry.get("fieldsV1") or {}) and entry.get("time")]
    return max(times, default=str(secret["metadata"].get("creationTimestamp", "")))


def moment(text: str) -> float:
    """Seconds since 1970: of ``2026-11-23T21:08:00Z``."""
    return datetime.fromisoformat(text).timestamp()


def note_of(secret: KubernetesObject) -> str:
    """What is special about a Secret, in words."""
    notes = annotations_of(secret)
    if ORIGINAL in notes:
        return f"copy of {notes[ORIGINAL]}"
    return f"rotation of {notes[ROTATION]} under way" if ROTATION in notes else ""


def taken(name: str) -> str:
    """The annotation of a pods' template that says which values of a Secret they took."""
    return f"secret.thinkube.dev/{name}"[:83]


def changed_there(name: str, product: str) -> dict[str, str]:
    """Why the Secret ``keycloak/keycloak-admin`` does not open its product, and the two ways back, as an error takes them."""
    cause = f"the value in Secret {name} is not the one that {product} has: somebody changed it there"
    return {"cause": cause, "next_command": f"thinkube secrets set {name} (keeps the new one) or thinkube secrets restore {name}"}


def begin_rotation(api: Api, owner: str, secret: GeneratedSecret, now: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Old and new values of a Secret, kept beside it until the rotation ends; those of one that was interrupted, where there is one."""
    found = api.find("Secret", _rotation(secret), secret.namespace)
    if found is None:
        pair = {f"old.{key}": _encoded(text) for key, text in now.items()}
        pair |= {f"new.{key}": _encoded(make(secret.keys[key])) for key in now}
        wanted = _object(owner, GeneratedSecret(secret.namespace, _rotation(secret), {}), secret.namespace, pair)
        wanted["metadata"]["annotations"] = {ROTATION: f"{secret.namespace}/{secret.name}"}
        found = api.create(wanted)
    values: dict[str, dict[str, str]] = {"old": {}, "new": {}}
    for name, data in found["data"].items():
        which, _, key = name.partition(".")
        values[which][key] = _decoded(data)
    return values["old"], values["new"]


def replace(api: Api, secret: GeneratedSecret, values: Mapping[str, str]) -> None:
    """Write values into a Secret and its copies."""
    notes = {"annotations": {ROTATED: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}}
    data = {key: _encoded(text) for key, text in values.items()}
    for namespace in dict.fromkeys((secret.namespace, *secret.copies)):
        api.patch("Secret", secret.name, namespace, {"metadata": notes, "data": data})


def forget_rotation(api: Api, secret: GeneratedSecret) -> None:
    """Remove the values that were kept for a rotation."""
    api.delete("Secret", _rotation(secret), secret.namespace)


def _rotation(secret: GeneratedSecret) -> str:
    return f"{secret.name}.rotation"


def named(pod: KubernetesObject) -> Iterator[str]:
    """The names of the Secrets that a pod's containers take values from."""
    for volume in pod.get("volumes") or ():
        sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
        yield from (source["secret"].get("secretName") or source["secret"].get("name", "") for source in sources if source.get("secret"))
    for container in (*pod["containers"], *(pod.get("initContainers") or ())):
        yield from (row["secretRef"]["name"] for row in container.get("envFrom") or () if row.get("secretRef"))
        references = ((row.get("valueFrom") or {}).get("secretKeyRef") for row in container.get("env") or ())
        yield from (reference["name"] for reference in references if reference)


def make(kind: str) -> str:
    """A value of a kind that `GeneratedSecret` names: ``password``, ``hex16``, ``hex32``, ``ssh-key``, ``rsa-key`` or ``=text``.

    Raises:
        Refused: there is no such kind.
    """
    if kind.startswith("="):
        return kind[1:]
    if kind not in _MAKERS:
        raise Refused(f"a kind of generated value: {', '.join(_MAKERS)} or =text", seen=kind, next_command="thinkube secrets list")
    made = _MAKERS[kind]()
    REDACTOR.add(made)
    return made


def _password() -> str:
    """With a small and a capital letter and a digit, which some products insist on."""
    while True:
        made = "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
        if all(any(letter in made for letter in kind) for kind in _ALPHABETS):
            return made


_MAKERS: Mapping[str, Callable[[], str]] = {
    "password": _password,
    "hex16": lambda: secrets.token_hex(8),
    "hex32": lambda: secrets.token_hex(16),
    "ssh-key": ssh_keys.make,
    "rsa-key": ssh_keys.make_rsa,
}


def _changes(api: Api, owner: str, secret: GeneratedSecret) -> Iterator[Change]:
    """Lazily, so that copies are compared with an original that `ensure` has just written."""
    original = api.find("Secret", secret.name, secret.namespace)
    refused = _foreign(original, owner)
    data = dict((original or {}).get("data") or {})
    missing = [key for key in secret.keys if key not in data]
    others = [key for key, kind in secret.keys.items() if key in data and kind.startswith("=") and data[key] != _encoded(kind[1:])]
    if original is None or missing or others or refused:
        added = {key: _encoded(make(secret.keys[key])) for key in (*missing, *others)}
        data |= added
        wanted = _object(owner, secret, secret.namespace, {**data} if original is None else added)
        lacks = [f"it lacks {', '.join(missing)}"] if missing else []
        lacks += [f"its {', '.join(others)} is not the inventory's"] if others else []
        yield _change(original, wanted, refused or ("" if original is None else "; ".join(lacks)), is_refused=bool(refused))
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
