import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from converge.cli import main
from converge.cli import open as open_command
from converge.components.component import Component
from converge.components.part import Part
from converge.components.terms import Endpoint
from converge.errors import NotReady
from converge.inventory import Inventory

CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


class Plain(Component):
    def parts(self, inventory: Inventory) -> Sequence[Part]:
        return ()


class Postgres(Plain):
    name = "postgres"


class Keycloak(Plain):
    name = "keycloak"
    requires = ("postgres",)

    def endpoints(self) -> list[Endpoint]:
        return [Endpoint("web", self.inventory.host("auth"))]


class Minio(Plain):
    name = "minio"
    requires = ("keycloak",)

    def endpoints(self) -> list[Endpoint]:
        return [Endpoint("api", self.inventory.host("minio")), Endpoint("console", self.inventory.host("minio-console"))]


class Dashboard(Plain):
    name = "dashboard"

    def endpoints(self) -> list[Endpoint]:
        return [Endpoint("web", self.inventory.host("dashboard"))]


class Platform:
    """Stands where a cluster would have to run."""

    running = True
    record: dict[str, str]

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.components = {one.name: one(inventory) for one in (Postgres, Keycloak, Minio, Dashboard)}
        self.unavailable = {"minio": "image minio is only published"}
        self.context = SimpleNamespace(ingress_address="10.88.88.2")
        self.access = self.read_only_access = SimpleNamespace(secret=lambda namespace, name, key: f"{namespace}/{name}/{key}")
        self.api = SimpleNamespace(find=lambda kind, name, namespace: {"data": self.record} if self.record is not None else None)

    def component(self, name: str) -> Component:
        return self.components[name]

    def cluster(self) -> SimpleNamespace:
        if not self.running:
            raise NotReady("cluster local running", seen="not running", next_command="thinkube cluster start")
        return SimpleNamespace(nodes=[SimpleNamespace(name="local-control"), SimpleNamespace(name="local-worker-1")])

    def ca_pem(self) -> str:
        return CA


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\n")
    return path


@pytest.fixture(autouse=True)
def _a_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("THINKUBE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("converge.engine.platform.Platform", Platform)
    monkeypatch.setattr(Platform, "record", {}, raising=False)
    monkeypatch.setattr(open_command, "_addresses", lambda host: set())
    return


def test_a_person_reads_urls_names_trust_and_login(inventory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "minio", "--inventory", str(inventory)]) == 0
    told = capsys.readouterr().out
    ca = tmp_path / "state/mine/ca.crt"
    assert told.startswith("minio\n  https://minio.thinkube.test\n  https://minio-console.thinkube.test\n")
    assert "\n  10.88.88.2 minio.thinkube.test minio-console.thinkube.test\n" in told
    assert f"sudo install -m 644 {ca} /usr/local/share/ca-certificates/thinkube-mine.crt" in told
    assert f'certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n thinkube-mine -i {ca}' in told
    assert "Firefox" in told
    assert (
        f"To sign in: tkadmin, whose password is shown by:\n  python -m converge open minio --inventory {inventory} --password"
        in re.sub(r"python[\d.]+ ", "python ", told)
    )
    assert ca.read_text() == CA


def test_the_password_is_printed_alone(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "keycloak", "--password", "--inventory", str(inventory)]) == 0
    assert capsys.readouterr().out == "keycloak/realm-admin/password\n"


def test_names_that_already_lead_there_need_no_line(
    inventory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_command, "_addresses", lambda host: {"10.88.88.2"})
    assert main(["open", "keycloak", "--inventory", str(inventory)]) == 0
    assert "/etc/hosts" not in capsys.readouterr().out


def test_public_certificates_need_no_trust(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_TOKEN", "pl4nted-canary-value")
    path = tmp_path / "public.yaml"
    issuer = "{kind: acme, email: ops@thinkube.com, cloudflare_token: {from_env: CLOUDFLARE_TOKEN}}"
    path.write_text(f"domain_name: lab.thinkube.com\nissuer: {issuer}\n")
    assert main(["open", "keycloak", "--inventory", str(path)]) == 0
    told = capsys.readouterr().out
    assert "https://auth.lab.thinkube.com" in told
    assert "certutil" not in told


def test_who_does_not_use_the_login_is_told_of_none(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "dashboard", "--inventory", str(inventory)]) == 0
    assert "sign in" not in capsys.readouterr().out


def test_a_component_without_a_web_address_names_those_that_have_one(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "postgres", "--inventory", str(inventory)]) == 1
    assert "postgres has none" in (told := capsys.readouterr().err)
    assert "keycloak, minio, dashboard" in told


@pytest.mark.parametrize("command", [["open", "keycloak"], ["status"]])
def test_a_cluster_that_does_not_run_is_said_plainly(
    command: list[str], inventory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Platform, "running", False)
    assert main([*command, "--inventory", str(inventory)]) == 1
    next_command = f"thinkube cluster start --inventory {inventory}"
    assert capsys.readouterr().err == f"wanted: cluster local running\nseen:   not running\nnext:   {next_command}\n"


def test_a_ca_that_cannot_be_kept_says_what_to_type(inventory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    assert main(["open", "keycloak", "--inventory", str(inventory)]) == 4
    assert "THINKUBE_STATE=FOLDER" in capsys.readouterr().err


def test_status_lists_every_component_with_its_last_change(
    inventory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = ["database keycloak, known since 2019-12-31"]
    record = {
        "keycloak": json.dumps({"result": "converged", "started": "2020-01-01T00:00:00Z", "written": 7, "lost": lost}),
        "minio": json.dumps({"result": "failed", "started": "never", "written": 0}),
        "dashboard": "edited by hand",
    }
    monkeypatch.setattr(Platform, "record", record)
    assert main(["status", "--inventory", str(inventory)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "cluster mine: local-control, local-worker-1"
    assert lines[1] == "postgres   never changed"
    assert lines[2].split()[:2] == ["keycloak", "converged"]
    assert lines[2].endswith(" d ago  7 written")
    assert lines[3].split() == ["minio", "failed", "never", "0", "written"]
    assert lines[4] == "dashboard  never changed"
    assert set(lines[5:]) == {
        "keycloak: data lost: database keycloak, known since 2019-12-31",
        "minio: unavailable: image minio is only published",
    }
