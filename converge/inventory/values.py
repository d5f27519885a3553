"""The kinds of value in an inventory, each with what it accepts and the words for what it does not."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


@dataclass(frozen=True)
class Validation:
    """What a value is judged against: the folder of the inventory, environment variables, whether files must exist."""

    folder: Path
    variables: Mapping[str, str]
    check_files: bool = True


def _network(text: str) -> str:
    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        raise ValueError(f"expected a network such as 10.88.88.0/24, seen '{text}'") from None
    if str(network) != text:
        raise ValueError(f"'{text}' is an address inside a network, did you mean '{network}'?")
    if not any(network.subnet_of(private) for private in PRIVATE):
        raise ValueError(f"'{text}' is not private; choose inside {', '.join(map(str, PRIVATE[:3]))} or {PRIVATE[3]}")
    return text


def _address(text: str) -> str:
    try:
        address = IPv4Address(text)
    except ValueError:
        raise ValueError(f"expected an IPv4 address such as 192.168.1.10, seen '{text}'") from None
    if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
        raise ValueError(f"other nodes and pods cannot reach '{text}'; give the machine's address on their network")
    return text


# Sources: RFC 6762 (.local), RFC 6761 (.localhost, .invalid), RFC 7686 (.onion).
_UNUSABLE = {
    "local": "is answered by multicast DNS on most desktops and never asked of the platform's DNS; use for example 'thinkube.test'",
    "localhost": "always means the machine that asks; use for example 'thinkube.test'",
    "invalid": "never resolves, by its purpose; use for example 'thinkube.test'",
    "onion": "is never asked of DNS; use for example 'thinkube.test'",
}


def _domain(text: str) -> str:
    last = text.rpartition(".")[2]
    if last.isdigit():
        raise ValueError(f"expected a DNS name such as 'thinkube.test', seen '{text}'")
    if last in _UNUSABLE:
        raise ValueError(f"'{text}': a name that ends in .{last} {_UNUSABLE[last]}")
    return text


def _host_and_port(text: str) -> str:
    found = re.fullmatch(rf"(?i:{LABEL}(\.{LABEL})*):(\d{{1,5}})", text)
    if found and 1 <= int(found[found.lastindex or 0]) <= 65535:
        return text
    seen = "a user name or password" if "@" in text else "a URL" if "://" in text else f"'{text[:60]}'"
    raise ValueError(f"expected host:port such as 'registry.thinkube.test:5000', seen {seen}")


def _host_key(text: str) -> str:
    kind, _, rest = text.partition(" ")
    if re.fullmatch(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+", kind) and re.fullmatch(r"AAAA[A-Za-z0-9+/]{30,}={0,2}( .*)?", rest):
        return f"{kind} {rest.split()[0]}"
    seen = "a fingerprint" if text.startswith(("SHA256:", "MD5:")) else "something else"
    raise ValueError(f"expected a public host key such as 'ssh-ed25519 AAAA…' (a line of /etc/ssh/ssh_host_ed25519_key.pub), seen {seen}")


def _file(path: Path, info: ValidationInfo) -> Path:
    if not isinstance(info.context, Validation):
        return path
    # os.path where Path raises: a ~user or a name that cannot be is a file that does not exist.
    resolved = info.context.folder / Path(os.path.expanduser(path))  # noqa: PTH111
    if info.context.check_files and not os.path.isfile(resolved):  # noqa: PTH113
        # The path itself is not repeated: somebody may have written a secret in its place.
        what = "names a folder" if os.path.isdir(resolved) else "names a file that does not exist"  # noqa: PTH112
        raise ValueError(f"{what} (relative paths start at {info.context.folder})")
    return resolved


def _variable(text: str, info: ValidationInfo) -> str:
    if isinstance(info.context, Validation) and info.context.check_files and not info.context.variables.get(text):
        # Only what looks like a variable is repeated: somebody may have written the secret itself.
        name = f"'{text}'" if re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", text) and ("_" in text or len(text) < 16) else "that it names"
        raise ValueError(f"the environment variable {name} is not set")
    return text


Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")]
Domain = Annotated[str, Field(max_length=200, pattern=rf"^{LABEL}(\.{LABEL})+$"), AfterValidator(_domain)]
Cidr = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$"), AfterValidator(_network)]
Address = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}$"), AfterValidator(_address)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
File = Annotated[Path, AfterValidator(_file)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"), AfterValidator(_variable)]
HostKey = Annotated[str, AfterValidator(_host_key)]
