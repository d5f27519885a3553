"""`thinkube cluster env`: what points a person's own kubectl at the cluster, past every proxy."""

import shlex
from types import SimpleNamespace

import pytest

from converge.cli import cluster, main
from converge.inventory.model import Inventory


@pytest.fixture
def env(monkeypatch, capsys):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    running = SimpleNamespace(find=lambda: SimpleNamespace(kubeconfig="/state of mine/kubeconfig"))
    monkeypatch.setattr(cluster, "_provider", lambda _: running)
    monkeypatch.setattr(cluster, "chosen", lambda _: Inventory())

    def env():
        assert main(["cluster", "env"]) == 0
        words = [word for line in capsys.readouterr().out.splitlines() for word in shlex.split(line) if word != "export"]
        return dict(word.split("=", 1) for word in words)

    return env


def test_without_a_proxy_it_is_only_the_kubeconfig(env):
    assert env() == {"KUBECONFIG": "/state of mine/kubeconfig"}


def test_with_a_proxy_the_cluster_is_excepted_from_it_too(env, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "near.example")
    assert env()["NO_PROXY"] == env()["no_proxy"] == "near.example,10.88.88.0/24,.thinkube.test"
