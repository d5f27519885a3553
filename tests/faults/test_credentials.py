"""A credential is lost, or changed behind our back, and a plain run heals it or names the way back."""

import secrets as random
import subprocess
import sys
from pathlib import Path

import pytest

from converge.components.keycloak import realm, recovery
from converge.components.postgres.server import server as postgres
from converge.components.valkey.server import server as valkey
from converge.kubernetes import secrets

pytestmark = pytest.mark.fault

NAMES = ("keycloak", "valkey")
ADMINISTRATOR = "keycloak/keycloak-admin"


@pytest.fixture(scope="module", autouse=True)
def converged(place):
    place.converge(*NAMES).require()


def values(place, name):
    """What a Secret holds, decoded."""
    namespace, _, secret = name.partition("/")
    keys = place.api.get("Secret", secret, namespace)["data"]
    return {key: secrets.value(place.api, namespace, secret, key) for key in keys}


def accepts(place, name, wanted):
    """Whether the product of a Secret lets somebody in with these values."""
    context, access = place.platform.context, place.platform.access
    known = (one for each in place.platform.graph.closure(NAMES) for one in place.platform.component(each).credentials(context, access))
    return next(one for one in known if f"{one.secret.namespace}/{one.secret.name}" == name).accepts(wanted)


def healed(place, *names):
    """One plain run, after which the products accept what the Secrets hold and another run has nothing to write."""
    done = place.converge(*NAMES).require()
    assert [name for name in names if not accepts(place, name, values(place, name))] == []
    place.assert_settled(*NAMES)
    return done


def thinkube(place, *words, typed=""):
    """A command as a person types it; what it printed and its exit code. No value is in it."""
    argv = [str(Path(sys.executable).with_name("thinkube")), *words, "--inventory", str(place.path)]
    done = subprocess.run(argv, input=typed, capture_output=True, text=True, check=False, timeout=600)
    said = done.stdout + done.stderr
    assert not typed or typed.strip() not in said
    return done.returncode, said


def given_in_the_console(place):
    """Keycloak's administrator gets another password as the console does it; the password."""
    wanted = random.token_urlsafe(24)
    master = realm.realm(place.inventory, place.platform.access, "master")
    recovery.write_password(master, {"username": "admin", "password": wanted})
    return wanted


@pytest.mark.parametrize(
    "name",
    ["postgres/postgres-superuser", "valkey/valkey-admin", "keycloak/keycloak-database", "keycloak/realm-admin", ADMINISTRATOR],
)
def test_a_secret_is_deleted(place, seen, name):
    """The Secret of a credential is deleted: one run makes another value, its product and users follow, and the old one is refused."""
    before = values(place, name)
    namespace, _, secret = name.partition("/")
    place.api.delete("Secret", secret, namespace)
    done = healed(place, name)
    assert values(place, name) != before
    assert not accepts(place, name, before)
    seen(f"{name}: healed in one run of {done.seconds:.1f} s")


def test_roles_of_postgresql_are_given_other_passwords(place, seen):
    """ALTER ROLE gives a consumer and the superuser other passwords: one run puts the Secrets' values back, which stay as they were."""
    names = ("keycloak/keycloak-database", "postgres/postgres-superuser")
    before = [values(place, name) for name in names]
    for role in ("keycloak", "postgres"):
        postgres(place.platform.access).write_password(role, random.token_urlsafe(24))
    done = healed(place, *names)
    assert [values(place, name) for name in names] == before
    seen(f"healed in one run of {done.seconds:.1f} s")


def test_valkeys_administrator_is_given_another_password(place, seen):
    """ACL SETUSER gives Valkey's administrator another password: one run puts the Secret's value back."""
    before = values(place, "valkey/valkey-admin")
    valkey(place.platform.access).ask("ACL", "SETUSER", "default", "resetpass", f">{random.token_urlsafe(24)}")
    done = healed(place, "valkey/valkey-admin")
    assert values(place, "valkey/valkey-admin") == before
    seen(f"healed in one run of {done.seconds:.1f} s")


def test_keycloaks_administrator_got_another_password_that_is_kept(place, seen):
    """Somebody changes the administrator's password in the console: a run names both ways back, and `set` keeps the value."""
    given = given_in_the_console(place)
    failures = place.converge(*NAMES).failures
    assert "somebody changed it there" in failures
    assert f"thinkube secrets set {ADMINISTRATOR}" in failures
    assert f"thinkube secrets restore {ADMINISTRATOR}" in failures
    code, said = thinkube(place, "secrets", "set", ADMINISTRATOR, "password", typed=f"{random.token_urlsafe(24)}\n")
    assert (code, "nothing was written" in said) == (1, True), said
    code, said = thinkube(place, "secrets", "set", ADMINISTRATOR, "password", typed=f"{given}\n")
    assert code == 0, said
    assert values(place, ADMINISTRATOR)["password"] == given
    place.assert_settled(*NAMES)
    seen("the run names both commands; a wrong value is refused; after set the next run writes nothing")


def test_keycloaks_administrator_got_another_password_that_is_undone(place, seen):
    """Somebody changes the administrator's password in the console: `restore` puts the Secret's back by Keycloak's own recovery."""
    before = values(place, ADMINISTRATOR)
    given = given_in_the_console(place)
    code, said = thinkube(place, "secrets", "restore", ADMINISTRATOR)
    assert code == 0, said
    assert values(place, ADMINISTRATOR) == before
    assert accepts(place, ADMINISTRATOR, before)
    assert not accepts(place, ADMINISTRATOR, before | {"password": given})
    place.assert_settled(*NAMES)
    seen("the Secret's value is accepted again, the other refused; no temporary administrator is left")
