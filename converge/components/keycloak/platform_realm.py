"""What the realm holds that belongs to nobody's application: how people sign in, and the person who administers the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.components.keycloak.realm import ADMINISTRATORS, GRANTING, PERSON_SECRET, issuer, realm
from converge.components.keycloak.recovery import write_password
from converge.components.keycloak.settings import ClientScope, Group, Person, RealmItself, UserProfile, mapper
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.http import checked
from converge.kubernetes.secrets import moment, written_at

FAILURES = 5
"""So many wrong passwords lock an account, however slowly or quickly they come."""


class PlatformRealm(PartWithSecret):
    """The realm itself, its groups and scopes, and the person who administers the platform."""

    def __init__(self, owner: Owner) -> None:
        names = {"username": f"={owner.inventory.admin_username}", "password": "password"}
        self.secret = GeneratedSecret(owner.namespace, PERSON_SECRET, names)

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        inventory, here = context.inventory, realm(context.inventory, access)
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
            UserProfile(here, {"unmanagedAttributePolicy": "ENABLED"}, guarded=GRANTING),
            Group(here, ADMINISTRATORS),
            ClientScope(here, "groups", {"groups": groups}),
            Person(
                here,
                person,
                groups=[ADMINISTRATORS],
                password=lambda: access.secret("keycloak", self.secret.name, "password"),
                since=lambda: moment(written_at(access.api().get("Secret", self.secret.name, "keycloak"))),
            ),
        )

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: Keycloak keeps the password itself."""
        inventory = context.inventory

        def accepts(values: Mapping[str, str]) -> bool:
            form = {"grant_type": "password", "client_id": "admin-cli", **{key: values[key] for key in ("username", "password")}}
            answer = access.http.post(f"{issuer(inventory)}/protocol/openid-connect/token", data=form)
            is_refused = answer.status_code in (400, 401) and answer.json().get("error") == "invalid_grant"
            return not is_refused and bool(checked(answer, f"{values['username']} signed in"))

        def change(_: Mapping[str, str], new: Mapping[str, str]) -> None:
            write_password(realm(inventory, access), new)

        return (Credential(self.secret, accepts, change, needs_restart=False, recover=lambda values: change({}, values)),)
