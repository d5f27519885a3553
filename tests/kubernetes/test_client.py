"""The API client against trouble: retried while temporary, refused at once when not, counted either way."""

import ssl
import threading
import time
from types import SimpleNamespace

import pytest
import urllib3

from converge.errors import Refused, Unreachable
from converge.kubernetes import wire
from converge.kubernetes.client import Api
from converge.kubernetes.discovery import UnknownKind
from converge.kubernetes.failures import LONGEST_BODY, ApiRefused


def config_map(name: str = "one", namespace: str = "default", **data: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


@pytest.mark.parametrize("code", [pytest.param(code, id=str(code)) for code in (429, 500, 502, 503, 504)])
def test_a_temporary_answer_is_asked_for_again(fake_api, code):
    api = fake_api.client()
    fake_api.put(config_map(a="1"))
    fake_api.fail("get", code, times=2)
    assert api.get("ConfigMap", "one", "default")["data"] == {"a": "1"}
    assert len(fake_api.of("get")) == 3


def test_retry_after_is_honoured(fake_api, monkeypatch):
    api = fake_api.client()
    pauses: list[float] = []
    monkeypatch.setattr(wire, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pauses.append))
    fake_api.fail("list", 429, retry_after="7")
    api.list("Pod")
    assert pauses == [7]


def test_a_retry_after_beyond_the_patience_is_not_waited_for(fake_api, monkeypatch):
    api = fake_api.client(patience_s=30)
    pauses: list[float] = []
    monkeypatch.setattr(wire, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pauses.append))
    fake_api.fail("list", 429, retry_after="60")
    with pytest.raises(Unreachable, match="list pods"):
        api.list("Pod")
    assert (pauses, len(fake_api.of("list"))) == ([], 1)


def test_a_reset_connection_is_asked_again(fake_api):
    api = fake_api.client()
    fake_api.reset("list", times=2)
    assert api.list("Pod") == []


def test_a_slow_body_is_waited_for(fake_api):
    api = fake_api.client()
    fake_api.put(config_map(a="1"))
    fake_api.slow("get", 0.3)
    assert api.get("ConfigMap", "one", "default")["data"] == {"a": "1"}


def test_a_server_that_was_just_away_may_refuse_for_a_moment(fake_api):
    api = fake_api.client()
    fake_api.reset("list", times=1)
    fake_api.fail("list", 403, times=2)
    assert api.list("Pod") == []
    assert len(fake_api.requests) == 4


def test_an_apply_is_repeated_after_a_lost_answer(fake_api):
    api = fake_api.client()
    fake_api.reset("apply")
    api.apply(config_map(a="1"))
    assert fake_api.find("ConfigMap", "one", "default")["data"] == {"a": "1"}


def test_a_create_is_not_repeated_after_a_lost_answer(fake_api):
    api = fake_api.client()
    fake_api.reset("create")
    with pytest.raises(Unreachable, match="may or may not have happened"):
        api.create(config_map())
    assert len(fake_api.of("create")) == 1


@pytest.mark.parametrize("code", [pytest.param(code, id=str(code)) for code in (400, 403, 409, 422)])
def test_a_permanent_answer_fails_at_once_and_says_what_was_asked(fake_api, code):
    api = fake_api.client()
    fake_api.fail("apply", code, message="spec.x: wrong")
    with pytest.raises(ApiRefused) as caught:
        api.apply(config_map())
    assert caught.value.code == code
    assert "apply ConfigMap default/one" in str(caught.value)
    assert "spec.x: wrong" in str(caught.value)
    assert "kubectl get configmap/one -n default" in str(caught.value)
    assert len(fake_api.of("apply")) == 1


def test_a_lost_race_of_an_apply_is_repeated(fake_api):
    api = fake_api.client()
    body = b'{"kind":"Status","code":409,"reason":"Conflict","message":"the object has been modified; please apply your changes"}'
    fake_api.fail("apply", 409, body=body)
    api.apply(config_map())
    assert len(fake_api.of("apply")) == 2


def test_an_address_that_could_not_be_stored_in_time_is_asked_for_again(fake_api):
    api = fake_api.client()
    message = 'Service "web" is invalid: spec.clusterIPs: failed to allocate IP: etcdserver: request timed out'
    fake_api.fail("apply", 422, body=b'{"kind":"Status","code":422,"reason":"Invalid","message":"%s"}' % message.encode())
    api.apply(config_map())
    assert len(fake_api.of("apply")) == 2


def test_an_object_that_is_wrong_is_refused_at_once(fake_api):
    fake_api.fail("apply", 422, message="spec.replicas: Invalid value: -1")
    with pytest.raises(ApiRefused):
        fake_api.client().apply(config_map())
    assert len(fake_api.of("apply")) == 1


def test_a_replace_of_an_old_version_is_refused_at_once(fake_api):
    api = fake_api.client()
    old = api.create(config_map(a="1"))
    api.apply(config_map(a="2"), force=True)
    with pytest.raises(ApiRefused) as caught:
        api.replace(old)
    assert caught.value.code == 409
    assert len(fake_api.of("replace")) == 1


def test_a_body_that_is_no_status_is_cut(fake_api):
    api = fake_api.client()
    fake_api.fail("get", 403, body=b"<html>" + b"x" * 10_000)
    with pytest.raises(ApiRefused) as caught:
        api.get("Secret", "one", "default")
    assert len(caught.value.message) == LONGEST_BODY + 1


def test_nobody_there_is_unreachable_within_the_patience(fake_api):
    api = fake_api.client(patience_s=0.5)
    fake_api._server.shutdown()
    fake_api._server.server_close()
    with pytest.raises(Unreachable, match="list pods"):
        api.list("Pod")


def test_find_tells_absent_from_refused(fake_api):
    api = fake_api.client()
    assert api.find("Pod", "none", "default") is None
    assert api.find("Widget.example.test", "none", "default") is None
    fake_api.fail("get", 403)
    with pytest.raises(ApiRefused):
        api.find("Pod", "none", "default")


def test_built_in_kinds_cost_no_discovery(fake_api):
    api = fake_api.client()
    api.list("Deployment")
    assert [request.path for request in fake_api.requests] == ["/apis/apps/v1/deployments"]


def test_a_custom_kind_is_discovered_once_and_asked_again_while_unknown(fake_api):
    api = fake_api.client()
    with pytest.raises(UnknownKind, match=r"Widget\.example\.test"):
        api.list("Widget.example.test")
    fake_api.learn(
        {
            "spec": {
                "group": "example.test",
                "scope": "Namespaced",
                "names": {"kind": "Widget", "plural": "widgets"},
                "versions": [{"name": "v1"}],
            }
        }
    )
    assert api.list("Widget.example.test") == []
    fake_api.forget()
    assert api.list("Widget.example.test") == []
    assert [request.path for request in fake_api.requests] == ["/apis/example.test/v1/widgets"]


def test_a_read_only_view_sends_no_write_but_dry_runs(fake_api):
    api = fake_api.client().view(read_only=True)
    api.apply(config_map(), dry_run=True)
    for write in (lambda: api.apply(config_map()), lambda: api.create(config_map()), lambda: api.delete("ConfigMap", "one", "default")):
        with pytest.raises(Refused, match="read-only"):
            write()
    assert fake_api.writes == []
    assert api.view().read_only


def test_views_count_for_themselves(fake_api):
    api = fake_api.client()
    view = api.view()
    view.apply(config_map(a="1"))
    view.apply(config_map(a="1"), dry_run=True)
    view.list("ConfigMap")
    assert dict(view.counts) == {"apply": 1, "apply (dry run)": 1, "list": 1}
    assert (view.writes, api.writes) == (1, 0)


def test_an_observer_sees_every_request(fake_api):
    seen = []
    api = fake_api.client(observe=lambda request, code, seconds: seen.append((request.verb, code)))
    fake_api.fail("list", 503)
    api.list("Pod")
    assert seen == [("list", 503), ("list", 200)]


def test_many_threads_share_one_client(fake_api):
    api = fake_api.client()
    for number in range(20):
        fake_api.put(config_map(f"n{number}", a=str(number)))
    found: dict[int, str] = {}

    def read(number: int) -> None:
        found[number] = api.get("ConfigMap", f"n{number}", "default")["data"]["a"]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: str(number) for number in range(20)}
    assert api.counts["get"] == 20


def test_a_delete_of_what_is_not_there_says_so(fake_api):
    assert fake_api.client().delete("Pod", "none", "default") is False


def test_another_identity_does_not_carry_the_certificate(fake_api):
    other = fake_api.client().with_token("abc")
    assert isinstance(other, Api)
    assert other.wire.credentials.certificate_pem == ""
    assert "abc" not in repr(other.wire.credentials)


def test_a_handshake_that_broke_is_tried_again_unless_the_server_cannot_be_verified(fake_api, monkeypatch):
    """Seen once in some thousand handshakes: a server that could not read ours ("tlsv1 alert decode error")."""
    api = fake_api.client()
    once, errors = api.wire.once, [ssl.SSLError("tlsv1 alert decode error")]

    def broken(request, **options):
        if errors:
            raise urllib3.exceptions.SSLError(errors.pop())
        return once(request, **options)

    monkeypatch.setattr(api.wire, "once", broken)
    assert api.list("Namespace") is not None
    errors.append(ssl.SSLCertVerificationError("certificate verify failed"))
    with pytest.raises(Refused, match=r"a certificate of .* that the kubeconfig's CA signed"):
        api.list("Namespace")


def test_who_may_look_into_one_namespace_asks_that_one_where_all_are_meant(fake_api):
    fake_api.put(config_map("mine", "here", a="1"))
    fake_api.put(config_map("theirs", "elsewhere", a="1"))
    api = fake_api.client().view()
    api.within = "here"
    assert [one["metadata"]["name"] for one in api.view().list("ConfigMap")] == ["mine"]
    assert [one["metadata"]["name"] for one in api.list("ConfigMap", "elsewhere")] == ["theirs"]
