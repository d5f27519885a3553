"""The environment in which every program of ours is started, whatever this process was started in.

Only `converge.process` starts programs, and it takes all of this from here: umask, working folder, limits, locale and variables.
A variable of the caller's reaches a program only where it is named below, so nothing gets in by accident: ``LD_PRELOAD``, ``BASH_ENV``,
``KUBECONFIG``, ``GOFLAGS``, ``SOURCE_DATE_EPOCH`` and ``TAR_OPTIONS`` do not. There are three kinds of programs:

- programs of nodes (`NODE`): the same variables on every machine;
- tools of this machine (`tools`): the caller's PATH and home;
- package clients and compilers (`builds`): the same, and the caller's proxies and settings of such clients.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import resource
import shutil
from functools import cache
from pathlib import Path

from converge import proxies
from converge.places import cache_folder

UMASK = 0o022
"""What programs write can be read by everybody, unless they say otherwise: image layers, unpacked images, programs."""

FOLDER = Path("/")
"""Where programs run that are not told another folder: none finds a file there that it was not meant to find."""

OPEN_FILES = (65_536, 1_048_576)
"""How many files a program may have open, and up to how many it may raise that, where this machine allows it."""

SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
LOCALE = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
"""Messages are read by us, so they are English; file names may be any UTF-8."""

NODE = {
    "PATH": ":".join(("/opt/thinkube/bin", *SYSTEM_PATH)),
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "KUBECONFIG": "/etc/kubernetes/admin.conf",
}
"""The variables of a node's own programs, from which its pods inherit nothing."""

CLIENT_SETTINGS = frozenset(
    (
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NETRC"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "APT_CONFIG"),
        *("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "CONTAINERS_CONF", "CONTAINERS_REGISTRIES_CONF"),
        *("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOAUTH", "GOVCS"),
        *("GOENV", "GOPATH", "GOCACHE", "GOMODCACHE", "JAVA_HOME", "JAVA_TOOL_OPTIONS", "MAVEN_OPTS", "MAVEN_ARGS"),
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_CERT", "PIP_CLIENT_CERT"),
        *("PIP_PROXY", "PIP_CONFIG_FILE", "PIP_KEYRING_PROVIDER", "PIP_DEFAULT_TIMEOUT", "PIP_TIMEOUT", "PIP_RETRIES", "PIP_CACHE_DIR"),
        "PIP_DISABLE_PIP_VERSION_CHECK",
    )
)
"""Where packages come from, whom to trust on the way and where they are kept, as this machine's owner has set it up."""


def tools() -> dict[str, str]:
    """The variables of a tool of this machine, such as ``ip``: it asks nobody outside, so it learns of no proxy."""
    return {"PATH": path(), "HOME": str(home()), **LOCALE}


def builds() -> dict[str, str]:
    """The variables of a package client or a compiler."""
    given = {name: value for name, value in os.environ.items() if name in CLIENT_SETTINGS}
    return {**given, **proxies.variables(), "DEBIAN_FRONTEND": "noninteractive", **tools()}


def ssh() -> dict[str, str]:
    """What the SSH client gets beside the variables of a tool: where the caller's agent is."""
    return {name: value for name, value in os.environ.items() if name == "SSH_AUTH_SOCK"}


def path() -> str:
    """The caller's PATH without relative folders, and the system's where it lacks them, as under ``cron``."""
    folders = [folder for folder in os.environ.get("PATH", "").split(":") if folder.startswith("/")]
    return ":".join(dict.fromkeys((*folders, *SYSTEM_PATH)))


def which(program: str) -> str | None:
    """Where a program is that we would start."""
    return shutil.which(program, path=path())


@cache
def home() -> Path:
    """A home that can be written to: the caller's, else that of its account, else one in the cache."""
    candidates = [os.environ.get("HOME", "")]
    with contextlib.suppress(KeyError):
        candidates.append(pwd.getpwuid(os.geteuid()).pw_dir)
    for candidate in candidates:
        if candidate.startswith("/") and Path(candidate).is_dir() and os.access(candidate, os.W_OK | os.X_OK):
            return Path(candidate)
    instead = cache_folder() / "home"
    make_folder(instead)
    return instead


@cache
def raise_limits() -> None:
    """Allow this process, and so every program that it starts, as many open files as `OPEN_FILES` says, or this machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft_wanted, hard_wanted = OPEN_FILES
    if hard != resource.RLIM_INFINITY and hard < hard_wanted:
        # Only root of the machine itself may; a container's root often may not.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft_wanted, hard), hard_wanted))
            hard = hard_wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft_wanted if hard == resource.RLIM_INFINITY else min(soft_wanted, hard), hard))


def make_folder(folder: Path) -> None:
    """Make a folder that everybody may enter, and its parents, where they are absent; what is there stays as it is."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        with contextlib.suppress(FileExistsError):  # another process was quicker
            missing.mkdir()
            missing.chmod(0o777 & ~UMASK)


def open_up(folder: Path) -> None:
    """Let everybody read what its owner can read, and run what its owner can run, in a whole folder: as if made under `UMASK`."""
    for one in (folder, *folder.rglob("*")):
        if not one.is_symlink():
            mode = one.stat().st_mode & 0o7777
            wanted = mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6
            if wanted != mode:
                one.chmod(wanted)
