"""A cluster that is started from the worst of surroundings: a hardened machine behind a company's proxy, by somebody with odd settings."""

import os
import signal
import stat
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
  workers: 1
  subnet: 10.88.103.0/24
  pod_subnet: 10.112.0.0/16
  service_subnet: 10.113.0.0/16
components:
  postgres:
  valkey:
"""
FEATURES = "dns or postgres or valkey"
CREDENTIALS = ("kubelet.conf", "*admin.conf", "scheduler.conf", "controller-manager.conf", "pki/*.key", "pki/etcd/*.key")
"""What of a node only root may read, by the end of its path."""
KUBEADMS = ("thinkube.yaml", "bootstrap-kubelet.conf", "discovery.conf", "manifests/*.yaml", "pki/sa.pub")
"""Private on every machine: the first two hold the token by which nodes join, the others are as kubeadm writes them."""


@pytest.fixture
def odd(tmp_path):
    """An inventory in a folder with spaces; its cluster is deleted afterwards."""
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    path = folder / "inventory.yaml"
    path.write_text(INVENTORY)
    provider = Platform(read(path, components=Platform.known())).provider
    assert isinstance(provider, EmbeddedProvider)
    provider.delete()
    yield path, provider.layout
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


def is_for_root_alone(path):
    """Others can neither read it nor, if it is a folder, enter it; a file that its owner may run can not be run by them."""
    mode = path.lstat().st_mode
    needed = 0o5 if path.is_dir() or mode & 0o100 else 0o4
    return not path.is_symlink() and mode & needed != needed


def hidden(node):
    """What others can not read of what we, and containerd for us, wrote of a node: its settings, and the programs in its images."""
    settings = [path for folder in ("etc", "opt/thinkube") for path in (node.root / folder).rglob("*")]
    layers = list((node.root / "var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots").glob("*/fs"))
    assert layers
    # Some images have private folders of their own there: locks of package clients, /etc/ssl/private, the home of root.
    inside = [path for layer in layers for path in layer.glob("*") if path.name not in {"etc", "var", "root"}]
    programs = [deep for path in inside for deep in (path, *path.rglob("*"))]
    return [path for path in (*settings, *layers, *programs) if is_for_root_alone(path)]


def only_credentials_are_private(layout):
    """A cluster's own folder and its kubeconfig are for root alone; on its nodes, nothing but credentials is."""
    assert stat.S_IMODE(layout.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(layout.kubeconfig.stat().st_mode) == 0o600
    for node in layout.nodes:
        kept = [path for path in hidden(node) if not any(path.match(pattern) for pattern in CREDENTIALS + KUBEADMS)]
        assert not kept
        credentials = [path for path in (node.root / "etc").rglob("*") if any(path.match(pattern) for pattern in CREDENTIALS)]
        assert credentials
        assert [path for path in credentials if not is_for_root_alone(path)] == []


@pytest.mark.fault
def test_start_in_hostile_surroundings(odd, seen):
    """Umask 077, proxies that nobody answers, 256 open files, a foreign KUBECONFIG, HOME, locale and TMPDIR, no standard input: from
    nothing, as a plan and with --verify-only every scenario passes, no proxy was asked, and nothing but the credentials is private."""
    path, layout = odd
    with FakeProxy() as proxy:
        for options in ((), ("--plan",), ("--verify-only",)):
            code, said = run(path, proxy, *options)
            assert code == 0, said[-6000:]
            seen(" ".join((*options, said.strip().splitlines()[-1].strip("= "))))
        assert proxy.asked == []
    only_credentials_are_private(layout)
