"""A product was given another value than its Secret has: a person keeps it, or puts the Secret's back."""

import pytest

from converge.components.terms import Credential, Difference, GeneratedSecret
from converge.engine.secret_recovery import Adoption, Restoration
from converge.errors import NotReady, Refused, Unreachable
from converge.kubernetes import secrets

SECRET = GeneratedSecret("web", "web-admin", {"username": "=admin", "password": "password"}, copies=("shop",))


class Product:
    """Opens with one password, and may be told another in an emergency."""

    def __init__(self) -> None:
        self.password = ""
        self.is_up = True
        self.tried: list[str] = []

    def accepts(self, values) -> bool:
        assert values["username"] == "admin"
        self.tried.append(values["password"])
        if not self.is_up:
            raise Unreachable("the product", seen="connection refused")
        return values["password"] == self.password

    def recover(self, values) -> None:
        self.password = values["password"]


@pytest.fixture
def product(bench):
    """A converged component whose product knows the Secret's password."""
    product = Product()
    shop = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    bench.web.wanted = [*bench.web.wanted, shop]
    bench.web.generated = [SECRET]
    bench.web.credentials = lambda _context, _access: (Credential(SECRET, product.accepts, recover=product.recover),)
    assert bench.converge().result == "converged"
    product.password = kept(bench)
    bench.fake_api.requests.clear()
    return product


def kept(bench, namespace="web") -> str:
    return secrets.value(bench.platform.api, namespace, "web-admin", "password")


def adoption(bench) -> Adoption:
    return Adoption(bench.platform, "web", "web-admin")


def restoration(bench) -> Restoration:
    return Restoration(bench.platform, "web", "web-admin")


def test_a_value_that_the_product_accepts_is_kept_with_its_copies(bench, product) -> None:
    product.password = "changed in the console"
    adoption(bench).run("password", "changed in the console")
    assert kept(bench) == kept(bench, "shop") == "changed in the console"


def test_a_value_that_the_product_refuses_is_not_written(bench, product) -> None:
    product.password = "changed in the console"
    with pytest.raises(Refused, match="nothing was written") as refused:
        adoption(bench).run("password", "Qz7-wrong")
    assert "thinkube secrets restore web/web-admin" in refused.value.next_command
    assert "Qz7-wrong" not in str(refused.value)
    assert not bench.fake_api.writes


def test_nothing_is_written_where_nobody_answers(bench, product) -> None:
    product.is_up = False
    with pytest.raises(Unreachable):
        adoption(bench).run("password", "perhaps the right one")
    assert not bench.fake_api.writes


@pytest.mark.parametrize("value", ["", "two\nlines", "a tab\tin it"])
def test_a_value_is_one_line_of_text(bench, product, value) -> None:
    with pytest.raises(Refused, match="in one line"):
        adoption(bench).run("password", value)
    assert not product.tried


def test_keeping_that_was_interrupted_is_run_again(bench, product, monkeypatch) -> None:
    product.password = "changed in the console"
    with monkeypatch.context() as broken:
        broken.setattr("converge.engine.secret_operation.converge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            adoption(bench).run("password", "changed in the console")
    adoption(bench).run("password", "changed in the console")
    assert kept(bench) == "changed in the console"


def test_a_value_is_kept_also_where_its_secret_was_lost(bench, product) -> None:
    known = kept(bench)
    bench.platform.api.delete("Secret", "web-admin", "web")
    adoption(bench).run("password", known)
    assert kept(bench) == kept(bench, "shop") == known


def test_a_component_that_does_not_follow_names_the_command_that_carries_on(bench, product) -> None:
    product.password = "changed in the console"
    bench.web.settings_wanted = [Broken()]
    with pytest.raises(NotReady) as failed:
        adoption(bench).run("password", "changed in the console")
    assert failed.value.next_command == "thinkube secrets set web/web-admin"


def test_the_only_generated_key_need_not_be_named(bench, product) -> None:
    assert adoption(bench).key() == adoption(bench).key("password") == "password"
    with pytest.raises(Refused, match="a key of Secret web/web-admin: password"):
        adoption(bench).key("username")


def test_one_of_several_generated_keys_has_to_be_named(bench, product) -> None:
    bench.web.generated = [GeneratedSecret("web", "web-admin", {"password": "password", "token": "password"})]
    with pytest.raises(Refused, match="none named"):
        adoption(bench).key()


def test_a_secret_that_opens_nothing_has_no_value_to_keep_and_none_to_put_back(bench, product) -> None:
    bench.web.credentials = lambda _context, _access: ()
    with pytest.raises(Refused, match="nothing signs in with it"):
        adoption(bench).check()
    with pytest.raises(Refused, match="nothing signs in with it"):
        restoration(bench).run()


def test_the_secrets_value_is_put_back_into_the_product(bench, product) -> None:
    before = kept(bench)
    product.password = "changed in the console"
    assert restoration(bench).run()
    assert product.password == kept(bench) == before


def test_nothing_is_put_back_where_the_product_has_the_secrets_value(bench, product, monkeypatch) -> None:
    monkeypatch.setattr(product, "recover", interrupted)
    assert not restoration(bench).run()
    assert not bench.fake_api.writes


def test_a_secret_that_was_lost_is_made_anew_and_told_to_the_product(bench, product) -> None:
    before = kept(bench)
    bench.platform.api.delete("Secret", "web-admin", "web")
    assert restoration(bench).run()
    assert product.password == kept(bench) != before


def test_where_every_converge_tells_the_product_restoring_is_one(bench, product) -> None:
    class Password:
        subject = "password of the product"

        def differences(self):
            return () if product.password == kept(bench) else (Difference(self.subject, "password", wanted="(secret)", seen="(another)"),)

        def write(self):
            product.password = kept(bench)

    bench.web.credentials = lambda _context, _access: (Credential(SECRET, product.accepts),)
    bench.web.settings_wanted = [Password()]
    product.password = "changed in the console"
    assert restoration(bench).run()
    assert product.password == kept(bench)


class Broken:
    subject = "realm"

    def differences(self):
        raise Refused("the realm", seen="no")


def interrupted(*_):
    raise KeyboardInterrupt


def test_an_error_names_both_ways_back() -> None:
    said = secrets.changed_there("web/web-admin", "the shop")
    assert "somebody changed it there" in said["cause"]
    assert "thinkube secrets set web/web-admin" in said["next_command"]
    assert "thinkube secrets restore web/web-admin" in said["next_command"]


def test_what_a_product_cannot_be_told_anew_is_refused_another_value_and_says_why(bench) -> None:
    bench.web.generated = [GeneratedSecret("web", "web-key", {"key": "hex16"}, lasting="it encrypts what is kept")]
    with pytest.raises(Refused, match="it encrypts what is kept"):
        Adoption(bench.platform, "web", "web-key")
    assert not bench.fake_api.requests
