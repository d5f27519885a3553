"""Mutations of the realm, its clients, the API server's trust in them, and the applications that sign people in."""

from __future__ import annotations

from typing import Any

import yaml
from mutation import (
    Mutation,
    container,
    edit,
    editing,
    in_client,
    in_profile,
    in_realm,
    the_realm,
    with_argument,
    without_arguments,
    without_mapper,
)

from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.terms import KubernetesObject
from converge.engine.platform import Platform

SIGN_ON = "platform/single-sign-on.feature"
LOGINS = "core/keycloak-logins.feature"
KUBERNETES = "core/keycloak-kubernetes.feature"
SIGNS_IN = f"{LOGINS}::A person signs in with the platform login"
ADMINISTERS = f"{KUBERNETES}::A member of cluster-admins administers the cluster"
POLICIES = "core/minio.feature::A person's policy decides what the platform login opens"


# --- The realm


def _without_protection(realm: dict[str, Any]) -> None:
    realm["bruteForceProtected"] = False


def _with_patience(realm: dict[str, Any]) -> None:
    realm["failureFactor"] = 1000


def _open_to_strangers(realm: dict[str, Any]) -> None:
    realm["registrationAllowed"] = True


def _without_attributes(profile: dict[str, Any]) -> None:
    profile.pop("unmanagedAttributePolicy")


def _out_of_the_group(platform: Platform) -> None:
    here = the_realm(platform)
    person = here.user(platform.inventory.admin_username)
    group = here.group(ADMINISTRATORS)
    assert person
    assert group
    here.admin.group_user_remove(person["id"], group["id"])


def _anywhere(client: dict[str, Any]) -> None:
    client["redirectUris"] = ["*"]


def _elsewhere(client: dict[str, Any]) -> None:
    client["redirectUris"] = ["https://elsewhere.example/callback"]


def _another_secret(client: dict[str, Any]) -> None:
    client["secret"] = "changed-by-a-mutation"


def _development_mode(platform: Platform) -> None:
    """Keycloak builds itself anew when it starts so, from its environment; only root may write its files."""

    def unrestricted(namespace: KubernetesObject) -> None:
        namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "privileged"

    def as_root(deployment: KubernetesObject) -> None:
        container(deployment).update(args=["start-dev"], securityContext={})
        built_with = {"KC_DB": "postgres", "KC_HEALTH_ENABLED": "true", "KC_METRICS_ENABLED": "true"}
        container(deployment)["env"] += [{"name": name, "value": value} for name, value in built_with.items()]
        deployment["spec"]["template"]["spec"]["securityContext"] = {"runAsUser": 0}

    edit(platform, "Namespace", "keycloak", "", unrestricted)
    edit(platform, "Deployment", "keycloak", "keycloak", as_root)


REALM = (
    Mutation(
        "the mapper of groups is removed",
        "keycloak",
        without_mapper("groups", scope="groups"),
        (SIGNS_IN,),
        "None",
    ),
    Mutation(
        "guessing passwords locks no account",
        "keycloak",
        in_realm(_without_protection),
        (f"{LOGINS}::Guessing passwords locks the account",),
        "wrong passwords counted",
    ),
    Mutation(
        "an account locks only after a thousand wrong passwords",
        "keycloak",
        in_realm(_with_patience),
        (f"{LOGINS}::Guessing passwords locks the account",),
        "DID NOT RAISE",
    ),
    Mutation(
        "strangers may register",
        "keycloak",
        in_realm(_open_to_strangers),
        (f"{LOGINS}::Nobody gets an account without being given one",),
        "a form to register",
    ),
    Mutation(
        "people's attributes are dropped",
        "keycloak",
        in_profile(_without_attributes),
        (POLICIES,),
        "policy claim missing",
    ),
    Mutation(
        "the platform's administrator is no member of the group",
        "keycloak",
        _out_of_the_group,
        (f"{KUBERNETES}::The platform's administrator is such a member",),
        "403",
    ),
    Mutation(
        "an application sends people anywhere",
        "keycloak",
        in_client("kubernetes", _anywhere),
        (f"{LOGINS}::Nobody is sent to an address that no application named",),
        "DID NOT RAISE",
    ),
    Mutation(
        "an application's redirect URI is wrong",
        "keycloak",
        in_client("kubernetes", _elsewhere),
        (SIGNS_IN, ADMINISTERS),
        "redirect_uri",
    ),
    Mutation(
        "Keycloak runs in development mode",
        "keycloak",
        _development_mode,
        ("core/keycloak.feature::Keycloak runs in production mode",),
        "'start-dev'",
    ),
    Mutation(
        "MinIO's client has another redirect URI",
        "minio",
        in_client("minio", _elsewhere),
        (POLICIES,),
        "redirect_uri",
    ),
    Mutation(
        "MinIO's client has another secret",
        "minio",
        in_client("minio", _another_secret),
        (POLICIES,),
        "nvalid client",
    ),
    Mutation(
        "the mapper of policies is removed",
        "minio",
        without_mapper("policy", client="minio"),
        (POLICIES,),
        "policy claim missing",
    ),
)


# --- The API server's trust


def _trusting(change: Any) -> Any:
    """Change the API server's authentication configuration, which it has taken when this returns."""

    def act(platform: Platform) -> None:
        document = yaml.safe_load(platform.cluster().read_authentication())
        change(document)
        platform.cluster().write_authentication(yaml.safe_dump(document, sort_keys=False))

    return act


def _trust_nobody(document: dict[str, Any]) -> None:
    document["jwt"] = []


def _another_audience(document: dict[str, Any]) -> None:
    document["jwt"][0]["issuer"]["audiences"] = ["somebody-else"]


def _every_kind_of_token(document: dict[str, Any]) -> None:
    document["jwt"][0].pop("claimValidationRules")


def _names_of_its_own(document: dict[str, Any]) -> None:
    for claim in ("username", "groups"):
        document["jwt"][0]["claimMappings"][claim]["prefix"] = "people:"


def _other_groups(binding: KubernetesObject) -> None:
    binding["subjects"][0]["name"] = "oidc:somebody-else"


TRUST = (
    Mutation("the API server trusts no issuer", "keycloak", _trusting(_trust_nobody), (ADMINISTERS,), "401"),
    Mutation("the API server wants another audience", "keycloak", _trusting(_another_audience), (ADMINISTERS,), "401"),
    Mutation(
        "the API server takes every kind of token",
        "keycloak",
        _trusting(_every_kind_of_token),
        (f"{KUBERNETES}::An access token is no login",),
        "assert 200 == 401",
    ),
    Mutation(
        "the API server calls people by other names",
        "keycloak",
        _trusting(_names_of_its_own),
        (f"{KUBERNETES}::A person outside the group is known and refused",),
        "people:",
    ),
    Mutation(
        "the administrators' group may do nothing",
        "keycloak",
        editing("ClusterRoleBinding", "oidc:cluster-admins", "", _other_groups),
        (ADMINISTERS,),
        "403",
    ),
)


# --- Applications


def _past_the_login(ingress: KubernetesObject) -> None:
    backend = {"service": {"name": "minio", "port": {"name": "console"}}}
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"] = backend


APPLICATIONS = (
    Mutation(
        "MinIO's console is reached past the platform login",
        "minio-console",
        editing("Ingress", "minio-console", "minio", _past_the_login),
        ("core/minio-console.feature::The console cannot be entered past the platform login",),
        "invalid session",
    ),
    Mutation(
        "the dashboard lets in who is no administrator",
        "ingress-dashboard",
        editing("Deployment", "ingress-dashboard", "ingress-dashboard", without_arguments("--allowed-group")),
        ("infrastructure/ingress-dashboard.feature::A person who is no administrator is refused at the dashboard",),
        "DID NOT RAISE",
    ),
    Mutation(
        "the dashboard's login passes some pages without asking",
        "ingress-dashboard",
        editing("Deployment", "ingress-dashboard", "ingress-dashboard", with_argument("--skip-auth-route=^/api/")),
        ("infrastructure/ingress-dashboard.feature::The dashboard cannot be reached past the platform login",),
        "status_code",
    ),
)

EVERYWHERE = (
    Mutation(
        "no page hears of a person's groups",
        "keycloak",
        without_mapper("groups", scope="groups"),
        (
            f"{SIGN_ON}::A person who has typed one password opens every page of the platform",
            f"{SIGN_ON}::A new member of a group opens what was closed, and nothing is started anew for it",
        ),
        "https://ingress-dashboard.",
    ),
    Mutation(
        "a session at a page outlives the platform login",
        "ingress-dashboard",
        editing("Deployment", "ingress-dashboard", "ingress-dashboard", without_arguments("--cookie-refresh")),
        (f"{SIGN_ON}::Signing out of the platform closes every page that follows its login",),
        "https://ingress-dashboard.",
    ),
)

TABLE = (*REALM, *TRUST, *APPLICATIONS, *EVERYWHERE)
