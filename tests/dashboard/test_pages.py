"""What pages show: tiles, charts, links, logs; never markup that somebody else wrote."""

import pytest
from starlette.testclient import TestClient

from converge.images.recipes.dashboard.dashboard.usage import disk
from tests.dashboard.conftest import headers
from tests.dashboard.fake_cluster import COMPONENTS, pod, stamp


def states(client):
    return {one["name"]: one["state"] for one in client.get("/api/overview").json()["components"]}


def test_there_is_a_tile_for_every_component_in_its_order(client):
    page = client.get("/").text
    places = [page.index(f'href="/components/{one["name"]}"') for one in COMPONENTS]
    assert places == sorted(places)
    assert "All 15 components are healthy" in page
    assert set(states(client).values()) == {"healthy"}


def test_a_tile_has_version_link_and_how_the_scenarios_ended(client):
    page = client.get("/").text
    for shown in ("26.7.4", "v1.37.2", 'href="https://auth.thinkube.test"', "2 failed of 12", 'href="https://ci.example/report.html"'):
        assert shown in page


def test_charts_say_what_the_metrics_api_says(client):
    shown = client.get("/api/overview").json()
    assert shown["nodes"]["local-control"] == {"cpu": "1153m", "memory": "3512Mi", "measured": "2026-11-23T21:08:00Z"}
    charts = shown["charts"]
    assert {key: (one["used"], one["of"]) for key, one in charts.items()} == {
        "cpu": ("1.50", "4"),
        "memory": ("4.6", "16"),
        "storage": ("212", "500"),
    }
    assert "<b>1.50</b> of 4 cores" in client.get("/").text


def test_without_the_metrics_api_everything_else_is_shown(pages, cluster):
    cluster.broken["/apis/metrics.k8s.io/v1beta1/nodes"] = 503
    with TestClient(pages.app, headers=headers()) as client:
        assert "not measured yet" in client.get("/").text
        assert set(states(client).values()) == {"healthy"}


def test_without_the_api_server_nothing_is_called_healthy(pages, cluster):
    cluster.broken["/api/v1/nodes"] = 500
    with TestClient(pages.app, headers=headers()) as client:
        assert set(states(client).values()) == {"unknown"}
        assert "could not be looked at: 500" in client.get("/").text


def test_a_page_that_does_not_answer_is_told(pages, cluster):
    cluster.pages["auth.thinkube.test"] = 503
    with TestClient(pages.app, headers=headers()) as client:
        assert states(client)["keycloak"] == "not healthy"
        assert "auth.thinkube.test answers 503" in client.get("/").text


@pytest.mark.parametrize("status", [200, 302, 401, 403, 405])
def test_whoever_is_asked_for_a_login_was_answered(pages, cluster, status):
    cluster.pages["auth.thinkube.test"] = status
    with TestClient(pages.app, headers=headers()) as client:
        assert states(client)["keycloak"] == "healthy"


def test_a_log_is_text_whatever_is_in_it(administrator):
    page = administrator.get("/components/minio/pods/minio-0/minio").text
    assert "the log of minio" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "path", ["minio/pods/keycloak-5d8b9/keycloak", "minio/pods/minio-0/other", "nothing", "minio/pods/..%2F..%2Fsecrets/x"]
)
def test_an_address_opens_nothing_but_the_components_own(administrator, cluster, path):
    assert administrator.get(f"/components/{path}").status_code == 404
    assert not [asked for _, asked in cluster.asked if asked.endswith("/log") or "secrets" in asked]


def test_a_crashing_pod_says_why(administrator, cluster):
    cluster.pods.append(pod("minio-1", "minio", "minio", ready=False, restarts=7, reason="CrashLoopBackOff"))
    cluster.pods.append({**pod("minio-2", "minio", "minio"), "status": {"phase": "Pending"}})
    shown = {one["name"]: (one["state"], one["is_well"]) for one in administrator.get("/api/components/minio/pods").json()}
    assert shown == {"minio-0": ("Ready", True), "minio-1": ("CrashLoopBackOff", False), "minio-2": ("Pending", False)}


def test_events_are_the_components_own_and_the_newest_comes_first(administrator, cluster):
    cluster.events.append({**cluster.events[0], "lastTimestamp": stamp(minutes=1), "reason": "Killing"})
    assert [one["reason"] for one in administrator.get("/api/components/minio/events").json()] == ["Killing", "Pulled"]
    assert [one["reason"] for one in administrator.get("/api/components/control-node/events").json()] == ["NodeReady"]


def test_every_answer_forbids_what_a_page_does_not_need(client):
    for path in ("/", "/nothing", "/api/overview"):
        answer = client.get(path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_broken_record_hides_nothing_else(pages, cluster, monkeypatch):
    cluster.broken["/api/v1/namespaces/thinkube-system/configmaps/record"] = 404
    with TestClient(pages.app, headers=headers()) as client:
        assert set(states(client).values()) == {"healthy"}


@pytest.mark.parametrize("summary", [{}, {"node": {}}, {"node": {"fs": {"capacityBytes": 1}}}])
def test_a_kubelet_that_tells_nothing_of_its_disk_is_no_full_one(summary):
    assert disk(summary) is None
