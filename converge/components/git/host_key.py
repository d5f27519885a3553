"""The Git server's host key, and the ConfigMap by which clients of SSH know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.components.differences import absent, differences
from converge.components.git.server import HOST_KEY_SECRET, KEY, known_hosts
from converge.components.part import Owner, Part, PartWithSecret
from converge.components.terms import Access, Context, Difference, GeneratedSecret, KubernetesObject, Setting
from converge.kubernetes.objects import labels_of


class HostKey(PartWithSecret):
    """What the server proves itself with; it opens nothing."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, HOST_KEY_SECRET, {KEY: "ssh-key"})


class KnownHosts(Part):
    """ConfigMap ``name`` with the server's public host key under ``key``, as OpenSSH's file ``known_hosts`` has it.

    ``KnownHosts(self, name="argocd-ssh-known-hosts-cm", key="ssh_known_hosts")``; another host key reaches it with the next run.
    ``labels`` are those by which a product knows it.
    """

    requires = ("git",)

    def __init__(
        self, owner: Owner, *, name: str = "git-known-hosts", key: str = "known_hosts", labels: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._key = key
        self._labels = dict(labels or {})
        self._namespace = owner.namespace

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``: a public key is known only once there is a private one."""
        return (KnownHostsThere(self.name, self._namespace, self._key, access, labels=self._labels),)


class KnownHostsThere:
    """The ConfigMap as a setting, since what it says is no component's to know before the server has its key."""

    within = ""

    def __init__(self, name: str, namespace: str, key: str, access: Access, *, labels: Mapping[str, str] | None = None) -> None:
        self.subject = f"ConfigMap {namespace}/{name}"
        self._name = name
        self._namespace = namespace
        self._key = key
        self._access = access
        self._labels = dict(labels or {})

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self._access.api().find("ConfigMap", self._name, self._namespace)
        if seen is None:
            return absent(self.subject)
        found = differences(self.subject, {"labels": self._labels}, {"labels": labels_of(seen)})
        if (seen.get("data") or {}).get(self._key) != known_hosts(self._access):
            found.append(Difference(self.subject, self._key, wanted="the server's host key", seen="another"))
        return found

    def write(self) -> None:
        """See ``Setting.write``."""
        metadata = {"name": self._name, "namespace": self._namespace, "labels": self._labels}
        made: KubernetesObject = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "data": {self._key: known_hosts(self._access)},
        }
        self._access.api().apply(made)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._access.api().find("ConfigMap", self._name, self._namespace) is not None

    def remove(self) -> None:
        """See ``Removable.remove``."""
        self._access.api().delete("ConfigMap", self._name, self._namespace)
