"""The way to an API server: straight to one of ours, through the environment's proxy to somebody else's."""

import pytest
import yaml
from fake_proxy import FakeProxy
from test_execute import Pod

from converge.errors import Refused, Unreachable
from converge.kubernetes.client import Api
from converge.kubernetes.execute import execute
from converge.kubernetes.kubeconfig import Credentials, read_kubeconfig
from converge.kubernetes.wire import Wire

FOREIGN = "http://api.example:6443"
"""Nobody knows this name: who gets an answer from there went through the proxy."""


@pytest.fixture
def proxy(fake_api, monkeypatch):
    with FakeProxy(fake_api.url) as made:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, made.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield made


@pytest.fixture
def kubeconfig(tmp_path):
    def write(server, **cluster):
        config = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
            "users": [{"name": "u", "user": {}}],
        }
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    return write


def test_requests_and_watches_of_a_cluster_of_ours_never_touch_the_proxy(proxy, fake_api, kubeconfig):
    with Api.from_kubeconfig(kubeconfig(fake_api.url)) as api:
        assert api.list("Pod") == []
        _, version = api.list_with_version("Pod")
        events = api.watch("Pod", version=version, seconds=5)
        fake_api.put({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "default"}})
        assert next(iter(events))["object"]["metadata"]["name"] == "a"
        events.close()
    assert proxy.asked == []


def test_programs_in_pods_of_a_cluster_of_ours_never_touch_the_proxy(proxy):
    assert execute(Pod((1, b"ok")).api(), "web", "web-0", ["x"]) == "ok"
    assert proxy.asked == []


def test_a_cluster_of_ours_is_not_asked_for_through_a_proxy_even_if_it_is_not_on_the_loopback(proxy, kubeconfig):
    assert read_kubeconfig(kubeconfig("https://10.88.88.2:6443")).proxy == ""


def test_requests_to_a_foreign_cluster_go_through_the_proxy(proxy, fake_api, kubeconfig):
    with Api.from_kubeconfig(kubeconfig(FOREIGN), foreign=True) as api:
        assert api.list("Pod") == []
    assert [request.verb for request in fake_api.requests] == ["list"]
    assert proxy.asked == ["GET http://api.example:6443/api/v1/pods HTTP/1.1"]


def test_programs_in_pods_of_a_foreign_cluster_go_through_the_proxy(kubeconfig, monkeypatch):
    pod = Pod((1, b"ok"))
    with FakeProxy(pod.url) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url.replace("//", "//me:a%2Fword@"))
        with Api.from_kubeconfig(kubeconfig(FOREIGN), foreign=True) as api:
            assert execute(api, "web", "web-0", ["x"]) == "ok"
    assert [line.rpartition(" ")[0] for line in proxy.asked] == ["CONNECT api.example:6443"]
    assert "Proxy-Authorization: Basic bWU6YS93b3Jk" in proxy.heads[0]


@pytest.mark.parametrize("entry", ["api.example", ".example", "*", "other, api.example:6443"])
def test_an_exception_for_a_foreign_cluster_is_honoured(proxy, kubeconfig, monkeypatch, entry):
    monkeypatch.setenv("NO_PROXY", entry)
    assert read_kubeconfig(kubeconfig(FOREIGN), foreign=True).proxy == ""


def test_a_kubeconfig_may_name_its_own_proxy(proxy, fake_api, kubeconfig, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    with FakeProxy(fake_api.url) as own, Api.from_kubeconfig(kubeconfig(FOREIGN, **{"proxy-url": own.url})) as api:
        assert api.list("Pod") == []
        assert own.asked
    assert not proxy.asked


def test_a_proxy_that_leads_nowhere_is_named_without_its_password():
    with FakeProxy() as proxy:
        credentials = Credentials("https://api.example:6443", proxy=proxy.url.replace("//", "//me:secret@"))
        api = Api(Wire(credentials), patience_s=0.1)
        with pytest.raises(Unreachable, match=rf"api\.example:6443 through the proxy {proxy.url}") as caught:
            api.list("Pod")
        assert "secret" not in str(caught.value) + repr(credentials)
        with pytest.raises(Unreachable, match="502 Bad Gateway"):
            execute(api, "web", "web-0", ["x"])
        api.close()


@pytest.mark.parametrize("url", ["socks5://proxy.example:1080", "https://proxy.example:3128"])
def test_a_proxy_that_does_not_speak_plain_http_is_refused_with_what_to_type(kubeconfig, monkeypatch, url):
    monkeypatch.setenv("HTTPS_PROXY", url)
    monkeypatch.delenv("https_proxy", raising=False)
    with pytest.raises(Refused) as caught:
        read_kubeconfig(kubeconfig("https://api.example:6443"), foreign=True)
    assert "NO_PROXY=api.example" in caught.value.next_command
