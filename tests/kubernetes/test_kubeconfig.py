"""A kubeconfig is read by its current context, and never without verification of the server."""

import base64

import pytest
import yaml

from converge.errors import Refused
from converge.kubernetes.kubeconfig import read_kubeconfig


@pytest.fixture
def write(tmp_path):
    def write(cluster=None, user=None, **more):
        config = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443/", **(cluster or {})}}],
            "users": [{"name": "u", "user": user or {}}],
            **more,
        }
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    return write


def test_data_in_the_file_is_decoded(write):
    data = base64.b64encode(b"PEM").decode()
    found = read_kubeconfig(write({"certificate-authority-data": data}, {"client-certificate-data": data, "client-key-data": data}))
    assert (found.server, found.ca_pem, found.certificate_pem, found.key_pem) == ("https://10.0.0.1:6443", "PEM", "PEM", "PEM")
    assert "PEM" not in repr(found).replace("ca_pem='PEM'", "")


def test_files_are_found_beside_the_kubeconfig(write, tmp_path):
    (tmp_path / "ca.crt").write_text("CA")
    assert read_kubeconfig(write({"certificate-authority": "ca.crt"})).ca_pem == "CA"


def test_a_token_file_is_read_anew_each_time(write, tmp_path):
    found = read_kubeconfig(write(user={"tokenFile": "token"}))
    for text in ("one", "two"):
        (tmp_path / "token").write_text(text + "\n")
        assert found.token() == text


def test_a_server_that_is_not_to_be_verified_is_refused(write):
    with pytest.raises(Refused, match="TLS is never unverified"):
        read_kubeconfig(write({"insecure-skip-tls-verify": True}))


def test_an_unknown_context_lists_those_that_exist(write):
    with pytest.raises(Refused, match=r"context 'there'[\s\S]*here"):
        read_kubeconfig(write(), "there")


@pytest.mark.parametrize("text", [pytest.param("", id="empty"), pytest.param("- a", id="a-list"), pytest.param("{", id="no-yaml")])
def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path, text):
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(Refused, match="a kubeconfig at"):
        read_kubeconfig(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Refused, match="No such file"):
        read_kubeconfig(tmp_path / "none")


def test_a_credential_plugin_is_asked_through_the_library(write, tmp_path):
    plugin = tmp_path / "plugin"
    answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'
    plugin.write_text(f"#!/bin/sh\necho '{answer}'\n")
    plugin.chmod(0o755)
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "args": [], "interactiveMode": "Never"}
    assert read_kubeconfig(write(user={"exec": command})).token() == "from-plugin"
