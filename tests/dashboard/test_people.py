"""Who may see what: only what comes from the login proxy is believed, and only administrators look inside."""

import pytest
from starlette.testclient import TestClient

from tests.dashboard.conftest import headers

INSIDE = ("/api/components/minio/pods", "/api/components/minio/events", "/components/minio/pods/minio-0/minio")


@pytest.mark.parametrize("path", ["/", "/components/minio", "/api/overview", *INSIDE])
@pytest.mark.parametrize(
    "claimed",
    [{}, headers("cluster-admins", password="guessed"), {"X-Forwarded-Groups": "cluster-admins"}, {"Authorization": "Basic ="}],
    ids=["nothing", "wrong password", "groups alone", "no base64"],
)
def test_what_does_not_come_from_the_proxy_is_refused(pages, path, claimed):
    with TestClient(pages.app) as stranger:
        answer = stranger.get(path, headers=claimed)
        assert answer.status_code == 403
        assert "login only" in answer.text
        assert "minio-0" not in answer.text


def test_health_is_told_without_a_login(pages):
    with TestClient(pages.app) as kubelet:
        while kubelet.get("/healthz").status_code != 200:
            pass
        assert kubelet.get("/livez").text == "ok"


@pytest.mark.parametrize("path", INSIDE)
def test_pods_events_and_logs_are_refused_to_others_by_their_addresses(client, path):
    answer = client.get(path)
    assert answer.status_code == 403
    assert "cluster-admins" in answer.text


def test_the_page_of_a_component_shows_others_nothing_of_its_inside(client):
    page = client.get("/components/minio").text
    assert "minio.thinkube.test" in page
    assert not [word for word in ("Pods", "Events", "minio-0", "administrator") if word in page]


def test_an_administrator_sees_the_inside(administrator):
    page = administrator.get("/components/minio").text
    assert all(word in page for word in ("Pods", "minio-0", "Events", "already present", "ada, administrator"))
    assert "minio-console-6c9f7" not in page, "another component's"


@pytest.mark.parametrize("groups", ["xcluster-admins", "cluster-admins-not", "developers"])
def test_a_group_is_told_by_its_whole_name(client, groups):
    assert client.get(INSIDE[0], headers=headers(groups)).status_code == 403


def test_nothing_is_asked_for_by_any_other_method(administrator, cluster):
    assert administrator.post("/").status_code == 405
    administrator.get("/components/minio")
    assert {method for method, _ in cluster.asked} == {"GET"}
