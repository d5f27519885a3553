"""A command that is typed next works on what this run worked on."""

import pytest

from converge.commands import INVENTORY, naming, typed
from converge.errors import NotReady

OTHER = "inventory/my test.yaml"
NAMED = "--inventory 'inventory/my test.yaml'"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("thinkube status", f"thinkube status {NAMED}"),
        ("sudo thinkube cluster start", f"sudo thinkube cluster start {NAMED}"),
        ("pytest features/ -m cert-manager", f"pytest features/ -m cert-manager {NAMED}"),
        ("pytest features/ or thinkube cluster start", f"pytest features/ {NAMED} or thinkube cluster start {NAMED}"),
        ("thinkube secrets set a/b (keeps it)", f"thinkube secrets set a/b {NAMED} (keeps it)"),
        ("thinkube images gc, or set THINKUBE_CACHE", f"thinkube images gc {NAMED}, or set THINKUBE_CACHE"),
        ("kubectl get pods -A\nthinkube status  # again", f"kubectl get pods -A\nthinkube status {NAMED}  # again"),
        ("`thinkube cluster start` makes it", f"`thinkube cluster start {NAMED}` makes it"),
        ("thinkube inventory check", "thinkube inventory check 'inventory/my test.yaml'"),
        ("pytest features/x.feature::a -v --inventory other.yaml", "pytest features/x.feature::a -v --inventory other.yaml"),
        ("kubectl get lease converge -n thinkube-system -o yaml", "kubectl get lease converge -n thinkube-system -o yaml"),
        ("change nodes.workers, then thinkube cluster delete", f"change nodes.workers, then thinkube cluster delete {NAMED}"),
    ],
)
def test_our_commands_name_an_inventory_that_is_not_the_usual_one(text, wanted):
    assert typed(text) == text
    with naming(INVENTORY):
        assert typed(text) == text
    with naming(OTHER):
        assert typed(text) == typed(typed(text)) == wanted
    assert typed(text) == text


def test_pytest_is_told_another_name_of_the_cluster_too():
    with naming(INVENTORY, "mine"):
        assert typed("pytest features/ or thinkube status") == "pytest features/ --cluster-name mine or thinkube status --cluster-name mine"
        assert typed(typed("pytest features/")) == "pytest features/ --cluster-name mine"


def test_what_was_added_to_the_inventory_is_told_once():
    with naming(INVENTORY, "mine", ["mlflow", "pgadmin"]):
        assert typed("thinkube status") == "thinkube status --with mlflow,pgadmin --cluster-name mine"
        assert typed("pytest features/ -m mlflow --with mlflow") == "pytest features/ -m mlflow --with mlflow --cluster-name mine"


def test_an_error_shows_the_command_as_it_has_to_be_typed():
    error = NotReady("web served", seen="nothing")
    assert error.next_command == "thinkube status"
    with naming(OTHER):
        assert str(error).endswith(f"next:   thinkube status {NAMED}")
