"""The platform's realm: how people sign in, which group administers, and what tells components who somebody is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from converge.apis.keycloak import Keycloak, Realm, WrongAdministrator
from converge.components.component import Access, Credential, GeneratedSecret, Setting
from converge.components.keycloak import recovery
from converge.components.keycloak.recovery import write_password
from converge.components.keycloak.settings import ClientScope, Group, Person, RealmItself, UserProfile, mapper
from converge.http import checked
from converge.inventory import Inventory
from converge.secrets import moment, written_at

REALM = "thinkube"
ADMINISTRATORS = "cluster-admins"
"""The group whose members administer the platform."""

FAILURES = 5
"""So many wrong passwords lock an account, however slowly or quickly they come."""

ADMINISTRATOR_SECRET = "keycloak-admin"  # noqa: S105 (a name)
PERSON_SECRET = "realm-admin"  # noqa: S105 (a name)


def issuer(inventory: Inventory) -> str:
    """The one issuer URL, compared byte for byte by everyone: ``https://auth.thinkube.test/realms/thinkube``."""
    return f"https://{inventory.host('auth')}/realms/{REALM}"


def secrets(inventory: Inventory) -> Sequence[GeneratedSecret]:
    """Keycloak's own administrator (realm master), and the person who administers the platform."""
    return (
        GeneratedSecret("keycloak", ADMINISTRATOR_SECRET, {"username": "=admin", "password": "password"}),
        GeneratedSecret("keycloak", PERSON_SECRET, {"username": f"={inventory.admin_username}", "password": "password"}),
    )


def realm(inventory: Inventory, access: Access, name: str = REALM) -> Realm:
    """A realm as Keycloak's administrator sees it."""
    url = f"https://{inventory.host('auth')}"
    password = partial(access.secret, "keycloak", ADMINISTRATOR_SECRET, "password")
    return Keycloak(access.http, url, "admin", password, share=True, secret=f"keycloak/{ADMINISTRATOR_SECRET}").realm(name)


def settings(inventory: Inventory, here: Realm, access: Access) -> Sequence[Setting]:
    """Everything in the realm that belongs to nobody's application."""
    groups = mapper(
        "oidc-group-membership-mapper",
        claim_name="groups",
        full_path=False,
        id_token_claim=True,
        access_token_claim=True,
        userinfo_token_claim=True,
        introspection_token_claim=True,
    )
    person = {
        "username": inventory.admin_username,
        "enabled": True,
        "email": f"{inventory.admin_username}@{inventory.domain_name}",
        "emailVerified": True,
        "firstName": "Platform",
        "lastName": "Administrator",
    }
    return (
        RealmItself(
            here,
            {
                "enabled": True,
                "displayName": "Thinkube",
                "sslRequired": "all",
                "registrationAllowed": False,
                "bruteForceProtected": True,
                "permanentLockout": False,
                "failureFactor": FAILURES,
                "waitIncrementSeconds": 300,
                "maxFailureWaitSeconds": 900,
                "quickLoginCheckMilliSeconds": 0,  # the number decides, not the haste: a form sent twice locks nobody out
                "accessTokenLifespan": 300,
                "ssoSessionIdleTimeout": 1800,
                "ssoSessionMaxLifespan": 36000,
            },
        ),
        UserProfile(here, {"unmanagedAttributePolicy": "ENABLED"}),
        Group(here, ADMINISTRATORS),
        ClientScope(here, "groups", {"groups": groups}),
        Person(
            here,
            person,
            groups=[ADMINISTRATORS],
            password=lambda: access.secret("keycloak", PERSON_SECRET, "password"),
            since=lambda: moment(written_at(access.api().get("Secret", PERSON_SECRET, "keycloak"))),
        ),
    )


def credentials(inventory: Inventory, access: Access) -> Sequence[Credential]:
    """The passwords of Keycloak's own administrator and of the person who administers the platform; Keycloak keeps both itself."""
    url = f"https://{inventory.host('auth')}"
    administrator, person = secrets(inventory)

    def master(values: Mapping[str, str]) -> Realm:
        return Keycloak(access.http, url, values["username"], lambda: values["password"]).realm("master")

    def is_administrator(values: Mapping[str, str]) -> bool:
        try:
            return master(values).read() is not None
        except WrongAdministrator:
            return False

    def change_administrator(old: Mapping[str, str], new: Mapping[str, str]) -> None:
        if not is_administrator(new):
            write_password(master(old), new)

    def is_person(values: Mapping[str, str]) -> bool:
        form = {"grant_type": "password", "client_id": "admin-cli", **{key: values[key] for key in ("username", "password")}}
        answer = access.http.post(f"{issuer(inventory)}/protocol/openid-connect/token", data=form)
        is_refused = answer.status_code in (400, 401) and answer.json().get("error") == "invalid_grant"
        return not is_refused and bool(checked(answer, f"{values['username']} signed in"))

    def change_person(_: Mapping[str, str], new: Mapping[str, str]) -> None:
        write_password(realm(inventory, access), new)

    return (
        Credential(
            administrator,
            is_administrator,
            change_administrator,
            needs_restart=False,
            recover=lambda values: recovery.recover(inventory, access, values),
        ),
        Credential(person, is_person, change_person, needs_restart=False, recover=lambda values: change_person({}, values)),
    )
