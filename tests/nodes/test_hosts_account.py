"""kubectl, helm and short names of the account on the control node: without a host."""

import subprocess
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from converge.inventory.model import SshHost
from converge.nodes.hosts import account
from converge.nodes.hosts.plan import HostsPlan

HOST = SshHost(name="alpha", address="10.0.0.11", role="control")
PLAN = HostsPlan("lab", "a.test", (HOST,), IPv4Network("10.244.0.0/16"), IPv4Network("10.96.0.0/16"), Path("/state"), {"alpha": 0})


def shell(text, *arguments, env):
    return subprocess.run(["sh", "-s", *arguments], input=text, env=env, capture_output=True, text=True, check=True)


def test_every_short_name_of_the_checklist_is_there():
    assert " ".join(account.aliases()) == "k kns kctx kgp kgs kgd kga kaf kdf kl ke kdesc h hl hi hu hd hs"


def test_a_shell_reads_the_short_names():
    said = subprocess.run(["bash", "-c", f"{account.short_names()}alias kdesc"], capture_output=True, text=True, check=True).stdout
    assert said == "alias kdesc='kubectl describe'\n"


def test_only_the_account_reads_its_credentials_which_lie_beside_its_own():
    files = account.contents(PLAN, "secret")
    assert (files[".kube/thinkube-lab"].text, files[".kube/thinkube-lab"].mode) == ("secret", 0o600)
    assert ".kube/config" not in files
    assert files[".local/bin/helm"].mode == 0o755


def test_credentials_that_the_caller_names_come_first(tmp_path):
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$KUBECONFIG $1"\n')
    program.chmod(0o755)
    wrapper = account.wrapper(PLAN, str(program))
    for given, seen in (({}, "/home/a/.kube/thinkube-lab get\n"), ({"KUBECONFIG": "/own"}, "/own get\n")):
        ran = subprocess.run(
            ["sh", "-s", "get"], input=wrapper, env={"HOME": "/home/a", **given}, capture_output=True, text=True, check=True
        )
        assert ran.stdout == seen


@pytest.mark.parametrize("before", ["", "export A=1\n", "export A=1"])
def test_a_shells_own_file_gets_one_block_and_loses_it_again(before):
    once = account.with_block(before)
    assert account.with_block(once) == once
    assert account.without_block(once).strip() == before.strip()


class Home:
    """A control node of which only the account's home is real."""

    def __init__(self, folder):
        self.folder = folder

    def as_account(self, text):
        return subprocess.run(
            ["sh"], input=text, env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
        )


def test_what_is_written_differs_no_more_and_is_taken_away_without_a_trace(tmp_path):
    home = Home(tmp_path)
    (tmp_path / ".bashrc").write_text("export A=1\n")
    account.write(home, account.differing(PLAN, home, "secret"))
    assert account.differing(PLAN, home, "secret") == {}
    assert set(account.differing(PLAN, home, "another")) == {".kube/thinkube-lab"}
    account.remove(PLAN, home)
    assert [path.name for path in tmp_path.rglob("*")] == [".bashrc"]
    assert (tmp_path / ".bashrc").read_text() == "export A=1\n"


def test_somebody_elses_kubectl_stays(tmp_path):
    home = Home(tmp_path)
    own = tmp_path / ".local/bin/kubectl"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\n")
    account.write(home, account.differing(PLAN, home, "secret"))
    account.remove(PLAN, home)
    assert own.read_text() == "#!/bin/sh\n"
