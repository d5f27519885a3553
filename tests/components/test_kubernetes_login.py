"""What an API server is told so that it accepts the realm's tokens, by us or by the cluster's owner."""

from types import SimpleNamespace

import yaml

from converge.components.keycloak.kubernetes_login import KubernetesLogin
from converge.inventory import Inventory


def login(said: str = "") -> KubernetesLogin:
    context = SimpleNamespace(inventory=Inventory(), ca_pem=lambda: "-----BEGIN CERTIFICATE-----\n")
    cluster = SimpleNamespace(read_authentication=lambda: said)
    return KubernetesLogin(context, SimpleNamespace(cluster=lambda: cluster))  # type: ignore[arg-type]


def test_the_text_for_a_clusters_owner_is_what_a_plan_compares_with() -> None:
    text = login().text()
    assert not login(text).differences()
    assert login(text.replace("oidc:", "")).differences()


def test_it_names_the_realm_and_trusts_the_platforms_authority() -> None:
    (told,) = yaml.safe_load(login().text())["jwt"]
    assert told["issuer"]["url"] == "https://auth.thinkube.test/realms/thinkube"
    assert told["issuer"]["certificateAuthority"].startswith("-----BEGIN CERTIFICATE")


def test_where_it_cannot_be_seen_nothing_is_said() -> None:
    assert not login().differences()
