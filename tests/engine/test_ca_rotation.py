"""Another CA for the whole platform: both are trusted first, and a rotation that was interrupted carries on."""

from __future__ import annotations

import pytest

from converge.components.cert_manager import authority as kept
from converge.components.cert_manager.authority import PlatformCa
from converge.components.component import Component
from converge.engine.ca_rotation import CaRotation
from converge.engine.reconcile import converge
from converge.errors import NotReady, Refused
from converge.inventory import Inventory


class Trusting(Component):
    """Keeps what is to be trusted in a ConfigMap, as a login proxy does."""

    name, issue, namespace = "trusting", "CORE-004", "web"

    def parts(self, inventory):
        return ()

    def objects(self, context):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
        metadata = {"name": "platform-ca", "namespace": "web"}
        return [namespace, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": context.ca_pem()}}]


@pytest.fixture
def platform(empty_bench):
    empty_bench.only(Trusting(Inventory()))
    found = empty_bench.platform
    empty_bench.fake_api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cert-manager"}})
    PlatformCa(found.context, found.access).write()
    assert empty_bench.converge().text == ""
    return found


def told(empty_bench) -> list[str]:
    """Every bundle that was written into the ConfigMap, in order."""
    writes = [request.body for request in empty_bench.fake_api.writes if (request.body or {}).get("kind") == "ConfigMap"]
    return [body["data"]["ca.crt"] for body in writes if "ca.crt" in body.get("data", {})]


def test_both_are_trusted_before_the_new_one_signs_and_until_everything_is_issued_anew(platform, empty_bench) -> None:
    old = platform.ca_pem()
    CaRotation(platform).run()
    new = platform.ca_pem()
    assert new != old
    assert told(empty_bench) == [old, old + new, new + old, new]
    assert not kept.phase(kept.find(platform.api))


@pytest.mark.parametrize("nth", [1, 2])
def test_one_that_was_interrupted_carries_on_with_the_same_ca(platform, monkeypatch, nth: int) -> None:
    """The run ends at its n-th converge of a component, before the new CA signs or after; the command typed again ends with that CA."""
    count = []

    def interrupted(platform, name: str):
        count.append(name)
        if len(count) == nth:
            raise KeyboardInterrupt
        return converge(platform, name)

    with monkeypatch.context() as patch:
        patch.setattr("converge.engine.ca_rotation.converge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            CaRotation(platform).run()
    secret = kept.find(platform.api)
    made = kept.trusted(secret, "next") or kept.trusted(secret, "tls")
    CaRotation(platform).run()
    assert platform.ca_pem() == made


def test_the_ca_that_the_inventory_names_cannot_follow_itself(platform, monkeypatch) -> None:
    current = kept.signing(kept.find(platform.api) or {})
    assert current
    monkeypatch.setenv("MY_CA", current.certificate)
    monkeypatch.setenv("MY_KEY", current.key)
    issuer = {"kind": "private-ca", "certificate": {"from_env": "MY_CA"}, "key": {"from_env": "MY_KEY"}}
    platform.__dict__["context"] = type(platform.context)(**{**vars(platform.context), "inventory": Inventory(issuer=issuer)})
    with pytest.raises(Refused, match="another CA"):
        CaRotation(platform).run()


def test_without_a_ca_there_is_nothing_to_follow(platform) -> None:
    platform.api.delete("Secret", "thinkube-ca", "cert-manager")
    with pytest.raises(NotReady):
        CaRotation(platform).run()
