"""What a cluster that somebody else made lacks is told all at once, from what it says of itself."""

import pytest

from converge.engine.survey import DEFAULT_CLASS, Verdict, ports, room, storage, strangers, version
from converge.errors import Refused
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.objects import Ref

OURS = {COMPONENT: "storage"}


def storage_class(name: str, *, default: bool = True, labels: dict[str, str] | None = None) -> dict:
    return {"metadata": {"name": name, "annotations": {DEFAULT_CLASS: "true"} if default else {}, "labels": labels or {}}}


def pod(name: str, *, port: int = 0, cpu: str = "0", memory: str = "0", phase: str = "Running") -> dict:
    container = {"ports": [{"hostPort": port}] if port else [], "resources": {"requests": {"cpu": cpu, "memory": memory}}}
    return {"metadata": {"name": name, "namespace": "theirs"}, "spec": {"containers": [container]}, "status": {"phase": phase}}


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [("v1.31.0", Verdict.FINE), ("v1.33.1+k3s1", Verdict.FINE), ("v1.29.3-gke.1", Verdict.LACKING), ("v2.0.0", Verdict.FINE)],
)
def test_a_version_is_new_enough_or_not(seen: str, verdict: Verdict) -> None:
    assert version(seen).verdict is verdict


@pytest.mark.parametrize(
    ("classes", "brings", "verdict"),
    [
        ([], True, Verdict.FINE),
        ([], False, Verdict.LACKING),
        ([storage_class("slow", default=False)], False, Verdict.LACKING),
        ([storage_class("theirs")], False, Verdict.FINE),
        ([storage_class("theirs")], True, Verdict.LACKING),
        ([storage_class("local-path", labels=OURS)], True, Verdict.FINE),
    ],
)
def test_claims_find_one_default_class(classes: list[dict], brings: bool, verdict: Verdict) -> None:
    assert storage(classes, brings=brings).verdict is verdict


def test_a_second_default_class_is_named() -> None:
    assert storage([storage_class("gp3")], brings=True).seen == "gp3 is the default already"


def test_who_holds_the_ports_of_the_ingress_is_named() -> None:
    held, beside = ports([pod("nginx", port=443), pod("other", port=9000)], [{"metadata": {"name": "nginx"}}])
    assert (held.verdict, held.seen) == (Verdict.LACKING, "Pod theirs/nginx holds 443")
    assert (beside.verdict, beside.seen) == (Verdict.NOTE, "also there: nginx")


def test_without_other_ingresses_the_ports_are_free() -> None:
    (free,) = ports([], [{"metadata": {"name": "traefik", "labels": OURS}}])
    assert free.verdict is Verdict.FINE


def test_what_others_have_of_the_same_name_is_told_by_kind() -> None:
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("a", "b", "c", "d", "e")]
    inside = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "a"}}
    live = {name: {"metadata": {"name": name}} for name in "abcd"} | {"e": {"metadata": {"name": "e", "labels": OURS}}}
    asked: list[Ref] = []

    def find(ref: Ref) -> dict | None:
        asked.append(ref)
        return live.get(ref.name)

    (told,) = strangers([*objects, inside], find)
    assert (told.subject, told.seen) == ("Namespace", "somebody else's: a, b, c and 1 more")
    assert all(ref.kind == "Namespace" for ref in asked)


def test_names_that_nobody_has_are_free() -> None:
    (told,) = strangers([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}], lambda _: None)
    assert told.verdict is Verdict.FINE


def test_room_is_what_requests_of_others_leave() -> None:
    template = {"spec": pod("x", cpu="500m", memory="1Gi")["spec"]}
    wanted = [
        {"kind": "Deployment", "spec": {"replicas": 2, "template": template}},
        {"kind": "DaemonSet", "spec": {"template": template}},
        {"kind": "ConfigMap"},
    ]
    node = {"status": {"allocatable": {"cpu": "2", "memory": "4Gi"}}}
    others = [pod("busy", cpu="2500m"), pod("done", cpu="9", phase="Succeeded")]
    cpu, memory = room(wanted, [node, node], others)
    assert (cpu.verdict, cpu.seen, cpu.wanted) == (Verdict.LACKING, "1.5 cores not asked for by others", "2.0 cores")
    assert (memory.verdict, memory.wanted) == (Verdict.FINE, "4.0 GiB")


def test_names_that_may_not_be_read_are_not_said_to_be_free() -> None:
    def forbidden(ref: Ref) -> None:
        raise Refused(f"get {ref}", seen="403 Forbidden")

    with pytest.raises(Refused):
        list(strangers([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}], forbidden))
