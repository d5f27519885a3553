import base64

import pytest
from starlette.testclient import TestClient

from converge.images.recipes.dashboard.dashboard.api import Api
from converge.images.recipes.dashboard.dashboard.observer import Observer
from converge.images.recipes.dashboard.dashboard.pages import Pages
from converge.images.recipes.dashboard.dashboard.people import Doorkeeper
from tests.dashboard.fake_cluster import LISTED, FakeCluster

PASSWORD = "said-by-the-proxy"


def headers(*groups, password=PASSWORD, name="ada"):
    told = {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode(), "X-Forwarded-Preferred-Username": name}
    return told | ({"X-Forwarded-Groups": ",".join(groups)} if groups else {})


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def pages(cluster, tmp_path):
    (tmp_path / "token").write_text("letters\n")
    (tmp_path / "password").write_text(PASSWORD)
    api = Api("https://kubernetes.default.svc", tmp_path, cluster.transport)
    observer = Observer(api, LISTED, pages=cluster.page_transport)
    return Pages(observer, Doorkeeper(tmp_path / "password"), "thinkube.test", "cluster-admins")


@pytest.fixture
def client(pages):
    with TestClient(pages.app, headers=headers("developers")) as client:
        yield client


@pytest.fixture
def administrator(pages):
    with TestClient(pages.app, headers=headers("developers", "cluster-admins")) as client:
        yield client
