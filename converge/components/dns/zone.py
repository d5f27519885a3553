"""Our server block in the cluster's Corefile."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from converge.components.terms import Difference
from converge.errors import NotReady

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

NAMESPACE, NAME = "kube-system", "coredns"
ANNOTATION = "thinkube.dev/corefile"
"""On the pods of CoreDNS: the digest of the Corefile that they were started with, and a mark of that start."""

BEGIN, END = "# begin thinkube", "# end thinkube"
_OURS = re.compile(rf"\n*^{BEGIN}$.*?^{END}$\n?", re.MULTILINE | re.DOTALL)


def block(domain: str, address: str) -> str:
    """The server block: an address for every name at every depth, and "no such record" (not "no such name") for other types.

    Resolvers give a name up for good when they hear that it does not exist, as they would when they ask for AAAA first.
    """
    return f"""{BEGIN}
{domain}:53 {{
    errors
    cache 30
    template IN A {{
        answer "{{{{ .Name }}}} 60 IN A {address}"
    }}
    template IN ANY {{
        rcode NOERROR
        authority "{domain}. 60 IN SOA ns.{domain}. admin.{domain}. (1 60 60 60 60)"
    }}
}}
{END}
"""


def with_block(corefile: str, text: str) -> str:
    """The Corefile with our block as ``text`` ("" removes it); what others wrote stays, byte for byte but for blank lines at its end."""
    theirs = _OURS.sub("\n", corefile).rstrip("\n") + "\n"
    return f"{theirs}\n{text}" if text else theirs


def block_in(corefile: str) -> str:
    """Our block as it stands in the Corefile; "" where there is none."""
    found = _OURS.search(corefile)
    return found.group().lstrip("\n") if found else ""


class Zone:
    """The domain in CoreDNS, served by every replica."""

    def __init__(self, domain: str, address: str, api: Callable[[], Api], *, deadline_s: float) -> None:
        self.subject = f"DNS zone {domain}"
        self.within = ""
        self._wanted = block(domain, address)
        self._api = api
        self._deadline_s = deadline_s

    def differences(self) -> Sequence[Difference]:
        """Whether the Corefile holds our block, and whether CoreDNS was started with the Corefile as it is."""
        corefile, deployment = self._corefile(), self._deployment()
        seen = block_in(corefile)
        if seen != self._wanted:
            return (Difference(self.subject, "server block in the Corefile", wanted=self._wanted, seen=seen or "none"),)
        started_with = deployment["spec"]["template"]["metadata"].get("annotations", {}).get(ANNOTATION, "none")
        if started_with.partition("-")[0] != digest(corefile):
            return (Difference(self.subject, "Corefile that CoreDNS was started with", wanted=digest(corefile), seen=started_with),)
        return ()

    def write(self) -> None:
        """Put our block into the Corefile, restart CoreDNS with it, and wait until no replica answers with the old one."""
        self._put(self._wanted)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        found = self._api().find("ConfigMap", NAME, NAMESPACE)
        return found is not None and bool(block_in(found["data"]["Corefile"]))

    def remove(self) -> None:
        """See ``Removable.remove``; what others wrote into the Corefile stays."""
        self._put("")

    def _put(self, text: str) -> None:
        """The Corefile is written only as it was read: who changes it at the same time is not overwritten."""
        from converge.kubernetes.wait import wait_until_ready

        api = self._api()
        config = api.get("ConfigMap", NAME, NAMESPACE)
        corefile = with_block(config["data"]["Corefile"], text)
        if corefile != config["data"]["Corefile"]:
            unchanged = {"resourceVersion": config["metadata"]["resourceVersion"]}
            api.patch("ConfigMap", NAME, NAMESPACE, patch={"metadata": unchanged, "data": {"Corefile": corefile}})
        # A new value each time: a Corefile that was edited by hand and is put right again has the digest that it had before.
        started_with = {"metadata": {"annotations": {ANNOTATION: f"{digest(corefile)}-{secrets.token_hex(4)}"}}}
        deployment = api.patch("Deployment", NAME, NAMESPACE, patch={"spec": {"template": started_with}})
        wait_until_ready(api, [deployment], self._deadline_s, subject="dns")

    def _corefile(self) -> str:
        text: str = self._found("ConfigMap")["data"]["Corefile"]
        return text

    def _deployment(self) -> dict[str, Any]:
        return self._found("Deployment")

    def _found(self, kind: str) -> dict[str, Any]:
        found = self._api().find(kind, NAME, NAMESPACE)
        if found is None:
            raise NotReady(f"{kind} {NAMESPACE}/{NAME}", seen="absent", cause="this cluster's DNS is not CoreDNS, or it was removed")
        return found


def digest(corefile: str) -> str:
    """What the annotation says of a Corefile."""
    return hashlib.sha256(corefile.encode()).hexdigest()[:16]
