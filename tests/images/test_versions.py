"""The version of an image is that of what it was made from, which may be another than its makers' last."""

import pytest

from converge.images import versions
from converge.images.catalog import load

CATALOG = load()


@pytest.mark.parametrize(
    ("name", "published", "built"),
    [
        ("keycloak", "26.7.4", "26.7.4"),
        ("traefik", "v3.7.15", "3.7.15"),
        ("oauth2-proxy", "v7.15.3", "v7.15.3"),
        ("minio", "RELEASE.2025-09-07T16-13-09Z", "2026-02-12T20:18:48Z"),
        ("postgres", "17.12", f"17 Debian {CATALOG.debian.day}"),
        ("devpi", "", "6.20.3"),
        ("argo-controller", "v3.7.3", "v3.7.3"),
        ("minio-console-login", "", ""),
        ("dashboard", "", ""),
    ],
)
def test_a_version(name: str, published: str, built: str) -> None:
    assert (versions.published(CATALOG, name), versions.built(CATALOG, name)) == (published, built)


def test_a_digest_is_no_version() -> None:
    image = CATALOG.images["keycloak"].model_copy(update={"upstream": ("quay.io:443/keycloak/keycloak:26.7.4@sha256:ab",)})
    assert versions.published(CATALOG.model_copy(update={"images": {"keycloak": image}}), "keycloak") == "26.7.4"
