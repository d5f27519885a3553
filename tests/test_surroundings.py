"""What reaches a program of ours, whatever the harness itself was started in."""

import ast
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from converge import surroundings
from converge.places import source_root

HOSTILE = {
    "PATH": f".:bin:{os.environ['PATH']}",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "tr_TR.UTF-8",
    "LANGUAGE": "tr",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "all_proxy": "http://127.0.0.1:9",
    "NO_PROXY": "registry.example",
    "KUBECONFIG": "/etc/somebody/elses",
    "BASH_ENV": "/nonexistent/rc",
    "CDPATH": "/tmp",
    "LD_LIBRARY_PATH": "/nonexistent",
    "GOFLAGS": "-mod=vendor",
    "GOOS": "plan9",
    "GOPROXY": "https://go.example",
    "PIP_TARGET": "/nonexistent",
    "PIP_INDEX_URL": "https://pypi.example/simple",
    "PYTHONOPTIMIZE": "2",
    "SOURCE_DATE_EPOCH": "0",
    "TAR_OPTIONS": "--owner=nobody",
    "TMPDIR": "/tmp/with a space",
}

ASK = """
import json, os, resource, sys
stdin = os.readlink("/proc/self/fd/0") if os.path.exists("/proc/self/fd/0") else "closed"
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
seen = {"umask": os.umask(0), "cwd": os.getcwd(), "stdin": stdin, "files": limits, "environment": dict(os.environ)}
print(json.dumps(seen))
"""


def under_hostility(tmp_path, code, home=None):
    """Run Python code in a process that was started in the worst of surroundings; its last line as JSON."""
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    environment = HOSTILE | {"PYTHONPATH": str(source_root()), "THINKUBE_CACHE": str(tmp_path / "cache")} | ({"HOME": home} if home else {})
    shell = 'umask 077; ulimit -n 256; cd "$1"; shift; exec "$@" <&-'
    argv = ["bash", "-c", shell, "bash", folder, sys.executable, "-c", code, ASK, sys.executable]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


RUN = "import sys; from converge.process import run; print(run([sys.argv[2], '-c', sys.argv[1]]{}).stdout)"


def test_a_tool_gets_a_fixed_environment_and_nothing_of_the_callers_but_path_and_home(tmp_path):
    seen = under_hostility(tmp_path, RUN.format(""))
    assert seen["umask"] == 0o022
    assert seen["cwd"] == "/"
    assert seen["stdin"] == "/dev/null"
    assert seen["files"][0] == seen["files"][1] or seen["files"][0] == surroundings.OPEN_FILES[0]  # the most that this machine allows
    environment = seen["environment"]
    environment.pop("LC_CTYPE", None)  # Python's own, for itself
    assert environment.keys() == {"PATH", "HOME", "LANG", "LC_ALL"}
    assert environment["LC_ALL"] == "C.UTF-8"
    assert environment["HOME"] == pwd.getpwuid(os.geteuid()).pw_dir
    assert all(folder.startswith("/") for folder in environment["PATH"].split(":"))


def test_a_package_client_gets_proxies_and_the_settings_of_such_clients_besides(tmp_path):
    environment = under_hostility(tmp_path, RUN.format(", builds=True"))["environment"]
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        assert environment[name] == "http://127.0.0.1:9"
    assert environment["no_proxy"] == environment["NO_PROXY"] == "registry.example"
    assert environment["GOPROXY"] == "https://go.example"
    assert environment["PIP_INDEX_URL"] == "https://pypi.example/simple"
    unwanted = {"GOFLAGS", "GOOS", "PIP_TARGET", "KUBECONFIG", "BASH_ENV", "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH", "TAR_OPTIONS", "TMPDIR"}
    assert not unwanted & environment.keys()
    assert environment["LC_ALL"] == "C.UTF-8"


def test_what_a_program_is_given_stands_above_its_surroundings(tmp_path):
    environment = under_hostility(tmp_path, RUN.format(", builds=True, env={'GOPROXY': 'off', 'KUBECONFIG': '/ours'}"))["environment"]
    assert (environment["GOPROXY"], environment["KUBECONFIG"]) == ("off", "/ours")


def test_a_program_of_a_node_gets_the_same_everywhere(tmp_path):
    code = """
import sys
from converge.process import launch
with open("log", "wb") as log:
    print(launch([sys.argv[2], "-c", sys.argv[1]], log, listen=True))
"""
    seen = under_hostility(tmp_path, code)
    assert (seen["umask"], seen["cwd"], seen["stdin"]) == (0o022, "/", "/dev/null")
    seen["environment"].pop("LC_CTYPE", None)
    assert seen["environment"] == surroundings.NODE


def test_a_program_in_our_place_gets_the_surroundings_of_a_tool(tmp_path):
    seen = under_hostility(tmp_path, "import sys; from converge.process import become; become([sys.argv[2], '-c', sys.argv[1]])")
    assert (seen["umask"], seen["cwd"]) == (0o022, "/")
    assert not {"HTTP_PROXY", "KUBECONFIG", "BASH_ENV"} & seen["environment"].keys()


@pytest.mark.parametrize("home", ["/nonexistent", "relative"])
def test_a_home_that_cannot_be_used_is_not(tmp_path, home):
    environment = under_hostility(tmp_path, RUN.format(""), home=home)["environment"]
    assert environment["HOME"] == pwd.getpwuid(os.geteuid()).pw_dir


def test_without_any_home_there_is_one_in_the_cache(tmp_path, monkeypatch):
    surroundings.home.cache_clear()
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("THINKUBE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: (_ for _ in ()).throw(KeyError))
    assert surroundings.home() == tmp_path / "cache/home"
    assert surroundings.home().is_dir()
    surroundings.home.cache_clear()


def test_a_short_path_is_completed(monkeypatch):
    monkeypatch.setenv("PATH", "/opt/own/bin:.:/usr/bin")
    assert surroundings.path() == "/opt/own/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin"


@pytest.fixture
def strict():
    """A hardened machine's umask."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_a_folder_for_all_is_one_whatever_the_umask(tmp_path, strict):
    surroundings.make_folder(tmp_path / "a/b")
    assert [oct((tmp_path / name).stat().st_mode & 0o777) for name in ("a", "a/b")] == ["0o755", "0o755"]


def test_a_folder_that_is_there_keeps_its_mode(tmp_path):
    (tmp_path / "private").mkdir(mode=0o700)
    surroundings.make_folder(tmp_path / "private/inside")
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o700


def test_what_was_made_under_a_strict_umask_is_opened_up_as_far_as_its_owner_may(tmp_path, strict):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/text").write_text("")
    (tmp_path / "folder/program").touch(mode=0o700)
    (tmp_path / "folder/link").symlink_to("/nonexistent")
    surroundings.open_up(tmp_path / "folder")
    modes = {name: oct((tmp_path / "folder" / name).stat().st_mode & 0o777) for name in (".", "text", "program")}
    assert modes == {".": "0o755", "text": "0o644", "program": "0o755"}


STARTS = {"subprocess", "multiprocessing", "pty", "popen2"}
CALLS = ("system", "popen", "exec", "spawn", "posix_spawn", "fork")


@pytest.mark.parametrize("folder", ["converge", "steps", "wiring"])
def test_only_one_place_starts_programs(folder):
    found = []
    for path in sorted((source_root() / folder).rglob("*.py")):
        # Programs of images start others in their own surroundings, not in this machine's.
        if path == source_root() / "converge/process.py" or path.is_relative_to(source_root() / "converge/images/recipes"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            if isinstance(node, ast.ImportFrom) and node.module:
                names = {node.module} if node.module != "os" else {f"os.{alias.name}" for alias in node.names}
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
                names = {f"os.{node.attr}"}
            for name in names:
                if name.partition(".")[0] in STARTS or name.startswith(tuple(f"os.{call}" for call in CALLS)):
                    found.append(f"{Path(path).relative_to(source_root())}:{node.lineno} {name}")
    assert not found, "programs are started by converge.process only"
