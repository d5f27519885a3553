"""What a realm holds, as settings: each reads a representation, compares the fields that are ours, and writes those back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from converge.apis.keycloak import Realm, Representation, if_there
from converge.components.differences import absent, differences, merged
from converge.components.represented import Represented
from converge.components.terms import Difference

CLOCKS_S = 5
"""How much Keycloak's clock may be behind the API server's."""


class RealmSetting(Represented):
    """One thing in a realm."""

    def __init__(self, subject: str, realm: Realm, wanted: Representation) -> None:
        super().__init__(subject, wanted)
        self.realm = realm


class RealmItself(RealmSetting):
    """The realm's own fields."""

    def __init__(self, realm: Realm, wanted: Representation) -> None:
        super().__init__(f"realm {realm.name}", realm, wanted)
        self.within = "keycloak"
        self.is_data = True

    def read(self) -> Representation | None:
        """Its representation."""
        return self.realm.read()

    def create(self) -> None:
        """A new realm gets Keycloak's defaults for what is not ours."""
        self.realm.admin.create_realm(self.wanted | {"realm": self.realm.name})

    def replace(self, seen: Representation) -> None:
        """Keycloak leaves out what is not sent."""
        self.realm.admin.update_realm(self.realm.name, self.wanted)


class UserProfile(RealmSetting):
    """Which attributes users may have; the document is always there and is written whole.

    ``guarded`` are attributes that grant something: administrators see and write them, nobody else, the users themselves included.
    """

    def __init__(self, realm: Realm, wanted: Representation, *, guarded: Sequence[str] = ()) -> None:
        rules = {name: {"multivalued": True, "permissions": {"view": ["admin"], "edit": ["admin"]}} for name in guarded}
        super().__init__(f"user profile of realm {realm.name}", realm, wanted | {"declared": rules})

    def read(self) -> Representation | None:
        """The document with what is ``declared`` by name; None only while there is no realm."""
        seen = if_there(self.realm.admin.get_realm_users_profile)
        return seen and seen | {"declared": {item["name"]: item for item in seen.get("attributes", ())}}

    def create(self) -> None:
        """Comes with the realm."""

    def replace(self, seen: Representation) -> None:
        """Attributes that others declared stay."""
        made = merged(seen, self.wanted)
        attributes = [{"name": name} | item for name, item in made["declared"].items()]
        self.realm.admin.update_realm_users_profile(_without(made, "declared") | {"attributes": attributes})


class Group(RealmSetting):
    """A top-level group; ``attributes`` are those that it must have beside any others."""

    def __init__(self, realm: Realm, name: str, attributes: Mapping[str, Sequence[str]] | None = None) -> None:
        fields = {"name": name} | ({"attributes": dict(attributes)} if attributes else {})
        super().__init__(f"group {name} of realm {realm.name}", realm, fields)

    def read(self) -> Representation | None:
        """Its representation, without members: those are people's business."""
        return self.realm.group(self.wanted["name"])

    def create(self) -> None:
        """Empty."""
        self.realm.admin.create_group(self.wanted)

    def replace(self, seen: Representation) -> None:
        """Its attributes, ours over those of others."""
        self.realm.admin.update_group(seen["id"], merged(seen, self.wanted))


class ClientScope(RealmSetting):
    """A client scope that every client of the realm gets by default; ``mappers`` by name, see ``mapper()``."""

    def __init__(self, realm: Realm, name: str, mappers: Mapping[str, Representation]) -> None:
        fields = {"name": name, "protocol": "openid-connect", "attributes": {"include.in.token.scope": "true"}}
        super().__init__(f"client scope {name} of realm {realm.name}", realm, fields | {"mappers": dict(mappers), "default": True})

    def read(self) -> Representation | None:
        """Its representation with ``mappers`` by name and ``default``."""
        seen = self.realm.client_scope(self.wanted["name"])
        if seen is None:
            return None
        defaults = self.realm.admin.get_default_default_client_scopes()
        return seen | {"mappers": _by_name(seen), "default": any(scope["id"] == seen["id"] for scope in defaults)}

    def create(self) -> None:
        """With its mappers."""
        admin = self.realm.admin
        made = admin.create_client_scope(_without(self.wanted, "mappers", "default") | _mapper_list(self.wanted))
        admin.add_default_default_client_scope(made)

    def replace(self, seen: Representation) -> None:
        """Fields, mappers and its being a default have an endpoint each."""
        admin, identity = self.realm.admin, seen["id"]
        admin.update_client_scope(identity, _without(merged(seen, self.wanted), "mappers", "default", "protocolMappers"))
        _write_mappers(
            self.wanted, seen, partial(admin.add_mapper_to_client_scope, identity), partial(admin.update_mapper_in_client_scope, identity)
        )
        if not seen["default"]:  # Keycloak refuses to add it a second time
            admin.add_default_default_client_scope(identity)


class Client(RealmSetting):
    """A client; ``mappers`` by name (None: none of that name), ``scopes`` are default client scopes that it must have beside any others."""

    def __init__(self, realm: Realm, wanted: Representation, *, secret: Callable[[], str] | None = None) -> None:
        super().__init__(f"client {wanted['clientId']} of realm {realm.name}", realm, wanted)
        self.within = "keycloak"
        self._secret = secret

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``; its secret is read from the cluster only now."""
        self._fill_in()
        return super().differences()

    def write(self) -> None:
        """See ``Setting.write``."""
        self._fill_in()
        super().write()

    def read(self) -> Representation | None:
        """Its representation with ``mappers`` and ``scopes`` by name."""
        seen = self.realm.client(self.wanted["clientId"])
        return seen and seen | {"mappers": _by_name(seen), "scopes": dict.fromkeys(seen.get("defaultClientScopes", ()), True)}

    def create(self) -> None:
        """With its mappers; the realm's default scopes come by themselves."""
        self.realm.admin.create_client(_without(self.wanted, "mappers", "scopes") | _mapper_list(self.wanted))  # in place of any defaults

    def replace(self, seen: Representation) -> None:
        """Fields, mappers and scopes have an endpoint each."""
        admin, identity = self.realm.admin, seen["id"]
        fields = _without(merged(seen, self.wanted), "mappers", "scopes", "protocolMappers", "defaultClientScopes")
        admin.update_client(identity, fields)
        _write_mappers(self.wanted, seen, partial(admin.add_mapper_to_client, identity), partial(admin.update_client_mapper, identity))
        for name, item in self.wanted.get("mappers", {}).items():
            if item is None and name in seen["mappers"]:
                admin.remove_client_mapper(identity, seen["mappers"][name]["id"])
        missing = [name for name in self.wanted.get("scopes", {}) if name not in seen["scopes"]]
        for scope in admin.get_client_scopes() if missing else ():
            if scope["name"] in missing:
                admin.add_client_default_client_scope(identity, scope["id"], {})

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self.read() is not None

    def remove(self) -> None:
        """See ``Removable.remove``; ends the sessions of people who signed in through it."""
        if (seen := self.read()) is not None:
            if_there(self.realm.admin.delete_client, seen["id"])

    def _fill_in(self) -> None:
        if self._secret is not None:
            self.wanted = self.wanted | {"secret": self._secret()}


class Person(RealmSetting):
    """A user in groups; the password is given at creation, and is the person's own from then on.

    It is given again only where the Secret that it comes from was written after it (``since``, seconds since 1970): a Secret that was
    lost and made anew.
    """

    def __init__(
        self, realm: Realm, wanted: Representation, *, groups: Sequence[str], password: Callable[[], str], since: Callable[[], float]
    ) -> None:
        fields = wanted | {"groups": dict.fromkeys(groups, True)}
        super().__init__(f"user {wanted['username']} of realm {realm.name}", realm, fields)
        self._password = password
        self._since = since

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self.read()
        if seen is None:
            return absent(self.subject)
        found = differences(self.subject, self.wanted, seen)
        if self._is_outdated(seen):
            found.append(Difference(self.subject, "password", wanted="(secret)", seen="(another)"))
        return found

    def read(self) -> Representation | None:
        """Its representation with ``groups`` by name."""
        seen = self.realm.user(self.wanted["username"])
        return seen and seen | {"groups": {group["name"]: True for group in self.realm.admin.get_user_groups(seen["id"])}}

    def create(self) -> None:
        """With its password and groups, at once."""
        credentials = [{"type": "password", "value": self._password(), "temporary": False}]
        groups = [f"/{name}" for name in self.wanted["groups"]]
        self.realm.admin.create_user(self.wanted | {"groups": groups, "credentials": credentials})

    def replace(self, seen: Representation) -> None:
        """Fields, and groups that are missing; what else the user has and is in stays."""
        admin, identity = self.realm.admin, seen["id"]
        admin.update_user(identity, _without(merged(seen, self.wanted), "groups"))
        for name in self.wanted["groups"]:
            if name not in seen["groups"] and (group := self.realm.group(name)):
                admin.group_user_add(identity, group["id"])
        if self._is_outdated(seen):
            admin.set_user_password(identity, self._password(), temporary=False)

    def _is_outdated(self, seen: Representation) -> bool:
        """Whether its password is older than the Secret; asked of Keycloak only where the user is older."""
        since = self._since() - CLOCKS_S
        if seen["createdTimestamp"] / 1000 >= since:
            return False
        kept = [one for one in self.realm.admin.get_credentials(seen["id"]) if one["type"] == "password"]
        return all(one["createdDate"] / 1000 < since for one in kept)


def mapper(kind: str, **config: Any) -> Representation:
    """A protocol mapper: ``mapper("oidc-usermodel-attribute-mapper", user_attribute="policy")``; ``_`` stands for ``.`` in its keys."""
    texts = {key.replace("_", "."): str(value).lower() if isinstance(value, bool) else str(value) for key, value in config.items()}
    return {"protocol": "openid-connect", "protocolMapper": kind, "config": texts}


def _by_name(seen: Representation) -> dict[str, Representation]:
    return {item["name"]: item for item in seen.get("protocolMappers", ())}


def _mapper_list(wanted: Representation) -> Representation:
    return {"protocolMappers": [{"name": name} | item for name, item in wanted.get("mappers", {}).items() if item is not None]}


def _write_mappers(
    wanted: Representation, seen: Representation, add: Callable[[Representation], object], replace: Callable[[str, Representation], object]
) -> None:
    for name, item in wanted.get("mappers", {}).items():
        there = seen["mappers"].get(name)
        if item is None:
            continue
        if there is None:
            add({"name": name} | item)
        elif differences("", item, there):
            replace(there["id"], merged(there, item))


def _without(representation: Representation, *keys: str) -> Representation:
    return {key: value for key, value in representation.items() if key not in keys}
