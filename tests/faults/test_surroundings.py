"""A cluster that is started from the worst of surroundings: a hardened machine behind a company's proxy, by somebody with odd settings."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "kubernetes"))

from fake_proxy import FakeProxy

from converge.engine.platform import Platform
from converge.inventory import read
from converge.nodes.embedded.provider import EmbeddedProvider

ROOT = Path(__file__).parents[2]
INVENTORY = """\
name: odd
domain_name: odd.thinkube.test
nodes:
  kind: embedded
  workers: 0
  subnet: 10.88.103.0/24
  pod_subnet: 10.112.0.0/16
  service_subnet: 10.113.0.0/16
components:
  postgres:
  valkey:
"""
FEATURES = "dns or postgres or valkey"


@pytest.fixture
def odd(tmp_path):
    """An inventory in a folder with spaces; its cluster is deleted afterwards."""
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    path = folder / "inventory.yaml"
    path.write_text(INVENTORY)
    known = {name: component.requires for name, component in Platform.known().items()}
    provider = Platform(read(path, components=known)).provider
    assert isinstance(provider, EmbeddedProvider)
    provider.delete()
    yield path
    provider.delete()


def hostile(proxy, folder):
    """What no program of ours may notice."""
    shared = {name: os.environ[name] for name in ("PATH", "THINKUBE_STATE", "THINKUBE_CACHE") if name in os.environ}
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), proxy.url)
    (folder / "temporary files").mkdir(exist_ok=True)
    rc = folder / "rc.sh"
    rc.write_text("cd /nonexistent; umask 000; alias ip=false\n")
    return {
        **shared,
        **proxies,
        "HOME": "/nonexistent",
        "KUBECONFIG": str(folder / "somebody elses"),
        "LC_ALL": "tr_TR.UTF-8",
        "LANG": "tr_TR.UTF-8",
        "TMPDIR": str(folder / "temporary files"),
        "PYTHONOPTIMIZE": "2",
        "BASH_ENV": str(rc),
        "CDPATH": "/usr",
        "GOFLAGS": "-mod=vendor",
        "SOURCE_DATE_EPOCH": "0",
        "TAR_OPTIONS": "--owner=nobody",
        "XDG_RUNTIME_DIR": "/nonexistent",
    }


def run(path, proxy, *options):
    """`pytest features/` with a strict umask, few open files and no standard input; returns its exit status and what it said."""
    folder = path.parent
    pytest_ = [sys.executable, "-m", "pytest", str(ROOT / "features"), "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")]
    argv = [*pytest_, "-m", FEATURES, "--inventory", str(path), "--report-dir", str(folder / "report"), *options]
    shell = ["sh", "-c", 'umask 077; ulimit -n 256; exec "$@" <&-', "sh", *argv]
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(shell, stdout=out, stderr=out, cwd=folder, env=hostile(proxy, folder), start_new_session=True)
        try:
            code = process.wait(timeout=1200)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    return code, log.read_text()


@pytest.mark.fault
def test_start_in_hostile_surroundings(odd, seen):
    """Umask 077, proxies that nobody answers, 256 open files, a foreign KUBECONFIG, HOME, locale and TMPDIR, no standard input: from
    nothing and again with --verify-only every scenario passes, no proxy was asked, and nothing but the credentials is private."""
    with FakeProxy() as proxy:
        for options in ((), ("--verify-only",)):
            code, said = run(odd, proxy, *options)
            assert code == 0, said[-6000:]
            seen(said.strip().splitlines()[-1].strip("= "))
        assert proxy.asked == []
