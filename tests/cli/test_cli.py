import io
import signal
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hanging import HANG_S

from converge import cli
from converge.cli import main
from converge.errors import Missing, ThinkubeError
from converge.inventory.schema import schema
from converge.places import source_root


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch):
    """Makes ``thinkube inventory schema`` do something else."""

    def put(function) -> None:
        monkeypatch.setattr("converge.cli.inventory._schema", function)

    return put


def test_help_names_every_command_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for module in Path(cli.__file__).parent.glob("[a-z]*.py"):
        assert f"\n    {module.stem}" in told


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "commands:" in capsys.readouterr().out


def test_help_is_quick() -> None:
    """Under 0.2 s of work: heavy imports wait until a command needs them."""
    script = "import sys, time; from converge.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    script += "print('heavy:', sorted({'pydantic', 'requests', 'kubernetes', 'jinja2', 'yaml'} & set(sys.modules)), time.process_time())"
    last = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    assert last.startswith("heavy: [] ")
    assert float(last.rpartition(" ")[2]) < 0.2


@pytest.mark.parametrize("program", [[str(Path(sys.executable).with_name("thinkube"))], [sys.executable, "-m", "converge"]])
def test_both_ways_to_call_it_print_the_version(program: list[str]) -> None:
    done = subprocess.run([*program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("thinkube 0.")


def test_a_valid_inventory_is_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("nodes: {kind: embedded, workers: 0}\ncomponents: {control-node: }\n")
    assert main(["inventory", "check", str(path)]) == 0
    assert capsys.readouterr().out == "valid: 1 node, 1 component\n"


def test_warnings_go_to_the_other_stream(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("domain_name: lab.thinkube.com\n")
    assert main(["inventory", "check", str(path)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("valid: 2 nodes, ")
    assert captured.err.startswith(f"warning: {path}:1: 'lab.thinkube.com' may be")


def test_every_fault_is_printed_and_the_status_is_4(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("nmae: local\ndomain_name: local\n")
    assert main(["inventory", "check", str(path)]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split(":")[1] for line in captured.err.splitlines()] == ["1", "2"]


def test_an_inventory_for_elsewhere_needs_nothing_here(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("nodes: {kind: existing, kubeconfig: absent, ingress_address: 10.0.0.5}\n")
    assert main(["inventory", "check", str(path)]) == 4
    assert main(["inventory", "check", "--elsewhere", str(path)]) == 0


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "schema"]) == 0
    assert capsys.readouterr().out == schema()


@pytest.mark.parametrize(("error", "status"), [(ThinkubeError("x", seen="y"), 1), (Missing("runc", next_command="make tools"), 4)])
def test_what_a_person_can_act_on_is_printed_plainly(
    handler, capsys: pytest.CaptureFixture[str], error: ThinkubeError, status: int
) -> None:
    def fail(_: object) -> int:
        raise error

    handler(fail)
    assert main(["inventory", "schema"]) == status
    assert capsys.readouterr().err == f"{error}\n"


def test_what_nobody_expected_is_one_line_and_a_file(handler, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: object) -> int:
        raise RuntimeError("odd: password=pl4nted-canary-value")

    handler(fail)
    assert main(["inventory", "schema"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("unexpected RuntimeError: odd: password=(secret); please report it with ")
    trace = Path(line.rpartition(" ")[2])
    try:
        assert "Traceback" in trace.read_text()
        assert "canary" not in trace.read_text()
        assert trace.stat().st_mode & 0o077 == 0
    finally:
        trace.unlink()


def test_an_interruption_says_how_to_carry_on(tmp_path: Path) -> None:
    script = (
        "import sys, time, converge.cli.inventory as group; from converge.cli import main\n"
        "group._schema = lambda _: (print('begun', flush=True), time.sleep(600))\n"
        "sys.exit(main(['inventory', 'schema']))"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=HANG_S)
    assert said == "\ninterrupted; run the same command again to carry on\n"
    assert process.returncode == 130


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m converge inventory schema | head -c 10 > /dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=source_root())
    assert done.stdout.strip() in {"0", "141"}
    assert done.stderr == ""


def test_log_records_are_redacted_in_every_command(handler) -> None:
    import logging

    before = logging.getLogRecordFactory()
    seen = []
    handler(lambda _: seen.append(getattr(logging.getLogRecordFactory(), "redacts", False)))
    try:
        assert main(["inventory", "schema"]) == 0
    finally:
        logging.setLogRecordFactory(before)
    assert seen == [True]


def test_a_secret_value_is_read_from_standard_input_without_its_newline(monkeypatch: pytest.MonkeyPatch) -> None:
    from converge.cli import secrets
    from converge.redaction import redact

    monkeypatch.setattr(sys, "stdin", io.StringIO("typed Zx81 behind our back\n"))
    assert secrets._typed("password: ") == "typed Zx81 behind our back"
    assert "Zx81" not in redact("it was: typed Zx81 behind our back")


def test_a_secret_value_is_read_from_a_terminal_without_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    from converge.cli import secrets

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"unseen after {prompt}")
    assert secrets._typed("password: ") == "unseen after password: "


def test_a_platform_is_closed_also_where_the_command_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from converge.cli.inventory import opened
    from converge.engine.platform import Platform

    closed: list[object] = []
    monkeypatch.setattr(Platform, "close", lambda self, outcomes, started_at: closed.append(self))
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\n")
    opening = opened(Namespace(inventory=path, added=[], cluster_name=""))
    platform = opening.__enter__()
    assert platform.inventory.name == "mine"
    assert not opening.__exit__(ThinkubeError, ThinkubeError("x"), None)
    assert closed == [platform]
