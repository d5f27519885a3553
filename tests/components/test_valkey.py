"""A consumer's user in Valkey is compared without its password ever being read back, and written only where it differs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from converge.apis.valkey import COMMANDS, Reach, password_hash
from converge.components.manifests import only
from converge.components.terms import Context, GeneratedSecret
from converge.components.valkey.certificate import ServedCertificate
from converge.components.valkey.component import Valkey
from converge.components.valkey.user_setting import User
from converge.inventory import Inventory

RIGHT: dict[str, Any] = {
    "flags": ["on"],
    "passwords": [password_hash("secret")],
    "commands": COMMANDS,
    "keys": "~docs*",
    "channels": "&docs*",
}


def access(answer: Callable[[Sequence[str], str], str]) -> Any:
    return SimpleNamespace(execute=lambda _namespace, _pod, argv, stdin: answer(argv, stdin), secret=lambda *_: "secret")


def user(seen: Any) -> User:
    return User("docs", GeneratedSecret("docs", "docs-valkey", {}), access(lambda *_: json.dumps(seen)), reach=Reach.of_prefix("docs"))


def test_a_user_that_is_as_wanted_does_not_differ() -> None:
    assert not user(RIGHT).differences()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"passwords": [password_hash("another")]}, "password", id="another password"),
        pytest.param({"passwords": [password_hash("secret"), password_hash("another")]}, "password", id="a second password"),
        pytest.param({"flags": ["off"]}, "may sign in", id="disabled"),
        pytest.param({"commands": "+@all"}, "commands", id="may administer"),
        pytest.param({"keys": "~*"}, "keys", id="every key"),
        pytest.param({"channels": "&*"}, "channels", id="every channel"),
    ],
)
def test_whatever_is_not_as_wanted_is_named(change: dict[str, Any], field: str) -> None:
    (found,) = user(RIGHT | change).differences()
    assert found.field == field
    assert "secret" not in str(found).replace("(secret)", "")


def test_a_user_that_is_not_there_differs() -> None:
    (found,) = user(None).differences()
    assert found.seen == "absent"


def test_a_renewed_certificate_is_read_again(fake_api: Any) -> None:
    told: list[str] = []

    def answer(argv: Sequence[str], stdin: str) -> str:
        told.append(" ".join(argv) + stdin)
        return {"find": "/tls/tls.crt\n", "cat": "issued\n"}.get(argv[0], '"OK"')

    served = ServedCertificate("valkey-0", "valkey-tls", issued(access(answer), fake_api))
    assert [found.seen for found in served.differences()] == ["the one before"]
    served.write()
    assert '"CONFIG" "SET" "tls-cert-file" "/tls/tls.crt"' in told[-2]
    assert told[-1].startswith("touch ")


def test_a_certificate_that_the_kubelet_did_not_bring_yet_is_brought_first(fake_api: Any) -> None:
    fake_api.put({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "valkey-0", "namespace": "valkey"}, "spec": {}})

    def answer(argv: Sequence[str], stdin: str) -> str:
        asked = fake_api.find("Pod", "valkey-0", "valkey")["metadata"].get("annotations")
        return {"find": "", "cat": "issued" if asked else "the one before"}.get(argv[0], '"OK"')

    served = ServedCertificate("valkey-0", "valkey-tls", issued(access(answer), fake_api))
    assert [found.seen for found in served.differences()] == ["the one before"]
    served.write()
    assert not served.differences()


def issued(over: Any, fake_api: Any) -> Any:
    data = {"tls.crt": base64.b64encode(b"issued\n").decode()}
    fake_api.put({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "valkey-tls", "namespace": "valkey"}, "data": data})
    return SimpleNamespace(**vars(over), api=fake_api.client)


def test_the_inventory_says_how_many_servers_there_are(context: Callable[..., Context]) -> None:
    three = Inventory.model_validate({"components": {"valkey": {"replicas": 3, "storage": "1Gi"}}})
    servers = only(list(Valkey(three).objects(context(three))), "StatefulSet")
    assert servers["spec"]["replicas"] == 3
    assert only(list(Valkey(Inventory()).objects(context())), "StatefulSet")["spec"]["replicas"] == 1
