from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.components.dns import zone

COREFILE = """.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
    }
    forward . /etc/resolv.conf
    reload
}
"""
OURS = zone.block("thinkube.test", "10.88.88.2")


class FakeApi:
    def __init__(self, corefile: str, started_with: str = "") -> None:
        self.patched: dict[str, Any] = {}
        annotations = {zone.ANNOTATION: started_with} if started_with else {}
        self.objects: dict[str, Any] = {
            "ConfigMap": {"metadata": {"resourceVersion": "7"}, "data": {"Corefile": corefile}},
            "Deployment": {"spec": {"template": {"metadata": {"annotations": annotations}}}},
        }

    def find(self, kind: str, name: str, namespace: str) -> Any:
        return self.objects[kind]

    get = find

    def patch(self, kind: str, name: str, namespace: str, patch: Any) -> Any:
        self.patched[kind] = patch
        return self.objects[kind]


def differences(corefile: str, started_with: str = "") -> list[str]:
    api: Any = FakeApi(corefile, started_with)
    return [found.field for found in zone.Zone("thinkube.test", "10.88.88.2", lambda: api, deadline_s=1).differences()]


def test_the_block_answers_every_depth_with_the_ingress_address() -> None:
    assert 'answer "{{ .Name }} 60 IN A 10.88.88.2"' in OURS
    assert "thinkube.test:53 {" in OURS


def test_what_others_wrote_stays() -> None:
    assert zone.with_block(COREFILE, OURS).startswith(COREFILE)
    assert zone.with_block(zone.with_block(COREFILE, OURS), "") == COREFILE


def test_a_cluster_without_the_block_differs() -> None:
    assert differences(COREFILE) == ["server block in the Corefile"]


def test_a_block_with_another_address_differs() -> None:
    assert differences(zone.with_block(COREFILE, zone.block("thinkube.test", "10.0.0.9"))) == ["server block in the Corefile"]


def test_a_corefile_that_nobody_was_started_with_differs() -> None:
    assert differences(zone.with_block(COREFILE, OURS)) == ["Corefile that CoreDNS was started with"]


def test_a_corefile_that_somebody_else_changed_since_differs() -> None:
    corefile = zone.with_block(COREFILE, OURS)
    assert differences("# new\n" + corefile, zone.digest(corefile)) == ["Corefile that CoreDNS was started with"]


def test_nothing_differs_when_coredns_runs_with_the_block() -> None:
    corefile = zone.with_block(COREFILE, OURS)
    assert differences(corefile, f"{zone.digest(corefile)}-0badcafe") == []


def test_putting_the_block_right_again_restarts_coredns(monkeypatch: pytest.MonkeyPatch) -> None:
    corefile = zone.with_block(COREFILE, OURS)
    api: Any = FakeApi(corefile.replace("10.88.88.2", "10.0.0.9"), zone.digest(corefile))
    monkeypatch.setattr("converge.kubernetes.wait.wait_until_ready", lambda *_, **__: None)
    zone.Zone("thinkube.test", "10.88.88.2", lambda: api, deadline_s=1).write()
    restarted = api.patched["Deployment"]["spec"]["template"]["metadata"]["annotations"][zone.ANNOTATION]
    assert restarted != zone.digest(corefile)
    assert api.patched["ConfigMap"]["data"]["Corefile"] == corefile
    assert api.patched["ConfigMap"]["metadata"]["resourceVersion"] == "7"


lines = st.lists(st.text(st.characters(exclude_characters="\r\n#", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20))


@given(lines, lines)
def test_putting_the_block_in_twice_is_putting_it_in_once(before: list[str], after: list[str]) -> None:
    corefile = "\n".join(before) + "\n\n" + OURS + "\n".join(after)
    once = zone.with_block(corefile, OURS)
    assert zone.with_block(once, OURS) == once
    assert zone.block_in(once) == OURS
    assert once.count(zone.BEGIN) == 1
