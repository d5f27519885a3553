"""An object store's "no" is told apart from somebody else's who answers in its place."""

from __future__ import annotations

import io
from typing import Any

import pytest
from urllib3 import HTTPHeaderDict, PoolManager
from urllib3.response import HTTPResponse

from converge.apis import minio
from converge.errors import Unreachable

BUCKETS = """<?xml version="1.0"?><ListAllMyBucketsResult><Buckets>
<Bucket><Name>kept</Name><CreationDate>2026-11-26T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"""


class Pool(PoolManager):
    """Instead of connections: always the same answer."""

    def __init__(self, status: int, body: str, media_type: str) -> None:
        super().__init__()
        self.answer = status, body, media_type

    def urlopen(self, method: str, url: str, **more: Any) -> HTTPResponse:  # type: ignore[override]
        status, body, media_type = self.answer
        headers = HTTPHeaderDict({"Content-Type": media_type})
        return HTTPResponse(io.BytesIO(body.encode()), headers, status, preload_content=False)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> minio.ObjectStore:
    monkeypatch.setattr(minio, "pool_manager", lambda http: Pool(*request.param))
    return minio.ObjectStore(None, "https://minio.thinkube.test", minio.AccessKey("root", "canary"))  # type: ignore[arg-type]


@pytest.mark.parametrize("store", [(200, BUCKETS, "application/xml")], indirect=True)
def test_a_bucket_is_there_or_absent(store: minio.ObjectStore) -> None:
    assert store.has_bucket("kept")
    assert not store.has_bucket("other")


@pytest.mark.parametrize("store", [(404, "404 page not found", "text/plain")], indirect=True)
def test_where_the_ingress_leads_nowhere_nothing_is_known_of_a_bucket(store: minio.ObjectStore) -> None:
    with pytest.raises(Unreachable):
        store.has_bucket("kept")
