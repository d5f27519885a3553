"""What the account that we log in with finds on the control node: kubectl and helm that reach the cluster without sudo, and short names.

The short names stand in one file (aliases.json) and are told to bash, zsh and fish. Everything lies in the account's home and is its own;
a kubectl or helm that somebody else put there stays.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from converge.nodes.hosts.host_files import File
from converge.nodes.hosts.machine import BOUNDARY, PUT, HostMachine, contents_of
from converge.nodes.hosts.plan import HostsPlan

TOOLS = "/opt/thinkube/tools"
ALIASES = Path(__file__).with_name("aliases.json")
PROGRAMS = {"kubectl": "/opt/thinkube/bin/kubectl", "helm": f"{TOOLS}/helm"}
SHELLS = (".bashrc", ".zshrc")
OURS = "# Written by thinkube"
SHORT, FISH = ".config/thinkube/aliases.sh", ".config/fish/conf.d/thinkube.fish"
_BLOCK = f'# thinkube: begin\n[ -r "$HOME/{SHORT}" ] && . "$HOME/{SHORT}"\n# thinkube: end\n'


def aliases() -> Mapping[str, str]:
    """Short name → command: ``{"kgp": "kubectl get pods"}``."""
    found: Mapping[str, str] = json.loads(ALIASES.read_text())
    return found


def kubeconfig(plan: HostsPlan) -> str:
    """Where the account's credentials lie below its home: beside a ~/.kube/config of its own."""
    return f".kube/thinkube-{plan.name}"


def contents(plan: HostsPlan, credentials: str) -> dict[str, File]:
    """Path below the home → file."""
    found = {kubeconfig(plan): File(credentials, 0o600), SHORT: File(short_names()), FISH: File(short_names_for_fish())}
    return found | {f".local/bin/{name}": File(wrapper(plan, program), 0o755) for name, program in PROGRAMS.items()}


def wrapper(plan: HostsPlan, program: str) -> str:
    """A program with the cluster's credentials, unless the caller names others."""
    return f'#!/bin/sh\n{OURS}.\nexport KUBECONFIG="${{KUBECONFIG:-$HOME/{kubeconfig(plan)}}}"\nexec {program} "$@"\n'


def short_names() -> str:
    """For bash and zsh."""
    lines = [f"alias {name}={shlex.quote(command)}" for name, command in aliases().items()]
    path = 'case ":$PATH:" in *":$HOME/.local/bin:"*) ;; *) PATH="$HOME/.local/bin:$PATH" ;; esac'
    return "\n".join([f"{OURS} for bash and zsh.", path, *lines]) + "\n"


def short_names_for_fish() -> str:
    """For fish."""
    lines = [f"alias {name} '{command}'" for name, command in aliases().items()]
    return "\n".join([f"{OURS} for fish.", "contains $HOME/.local/bin $PATH; or set -gx PATH $HOME/.local/bin $PATH", *lines]) + "\n"


def with_block(text: str) -> str:
    """A shell's own file that reads our short names."""
    return text if _BLOCK in text else (text if text.endswith("\n") or not text else text + "\n") + _BLOCK


def without_block(text: str) -> str:
    """The same as it was before."""
    return text.replace(_BLOCK, "")


def differing(plan: HostsPlan, control: HostMachine, credentials: str) -> dict[str, File]:
    """What of the account's files is not as it should be; files of a name of ours that are somebody else's are left out."""
    wanted = contents(plan, credentials)
    found = _read(control, [*wanted, *SHELLS])
    foreign = {path for path in found if path.startswith(".local/bin/") and OURS not in found[path]}
    wanted |= {shell: File(with_block(found.get(shell, ""))) for shell in SHELLS}
    return {path: file for path, file in wanted.items() if path not in foreign and found.get(path) != file.text}


def write(control: HostMachine, files: Mapping[str, File]) -> None:
    """Write them as the account itself."""
    if not files:
        return
    lines = [f'put "$HOME"/{shlex.quote(path)} {file.mode:o} {shlex.quote(file.text)}' for path, file in files.items()]
    control.as_account("\n".join([PUT, *lines]))


def remove(plan: HostsPlan, control: HostMachine) -> None:
    """Take everything of ours out of the account's home."""
    wanted = contents(plan, "")
    found = _read(control, [*wanted, *SHELLS])
    ours = [path for path in wanted if path in found and (not path.startswith(".local/bin/") or OURS in found[path])]
    shells = {path: File(without_block(text)) for path, text in found.items() if path in SHELLS and text != without_block(text)}
    write(control, {path: file for path, file in shells.items() if file.text})
    if gone := [*ours, *(path for path, file in shells.items() if not file.text)]:
        folders = ".config/thinkube .config/fish/conf.d .local/bin .kube"
        control.as_account(f'cd "$HOME" && rm -f {shlex.join(gone)} && rmdir -p {folders} 2>/dev/null; :')


def _read(control: HostMachine, paths: list[str]) -> dict[str, str]:
    look = f'cd "$HOME" && for one in {shlex.join(paths)}; do if [ -f "$one" ]; then echo "{BOUNDARY} $one"; cat "$one"; echo; fi; done'
    return contents_of(control.as_account(look).stdout)
