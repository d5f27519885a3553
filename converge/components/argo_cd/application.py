"""What a component asks Argo CD to keep delivered from Git: the part for consumers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.components.argo_cd.derived_secret import DerivedSecret
from converge.components.argo_cd.server import GROUP_VERSION, NAMESPACE
from converge.components.git.repository import GitRepository
from converge.components.git.server import KEY
from converge.components.part import Owner, Part
from converge.components.terms import Access, Context, KubernetesObject, Setting

FINALIZER = "resources-finalizer.argocd.argoproj.io"
"""With it, what was delivered goes with the application."""

REPOSITORY = {"argocd.argoproj.io/secret-type": "repository"}
"""The label by which Argo CD knows a Secret that opens a repository."""


class Application(Part):
    """What lies under ``path`` of a Git repository is kept delivered to ``namespace``, the component's own where nothing is said.

    A pushed commit arrives within a minute, what somebody changes or deletes in the cluster is put back, and what is deleted in Git
    goes, unless nothing would be left. A rollback of the component takes along what was delivered::

        source = GitRepository(self, may="write")
        return source, Application(self, source=source, path="deploy", ignores=[("apps", "Deployment", "/spec/replicas")])

    Name both among the parts, the repository first. The namespace is the component's to make; whatever lies in Git must not hold an
    object that the component states itself. ``name`` where the component asks for more than one; ``ignores`` are fields that others
    may change: group, kind, JSON pointer. A repository without a commit on ``branch``, or without ``path``, is no error of the
    component's: the application says so in its conditions, and delivers once there is one. Wait for what was delivered, not for the
    application.
    """

    requires = ("argo-cd",)

    def __init__(
        self,
        owner: Owner,
        *,
        source: GitRepository,
        path: str,
        name: str = "",
        namespace: str = "",
        branch: str = "main",
        ignores: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        self.name = name or owner.name
        self._owner = owner.name
        self._source = source
        self._path = path
        self._namespace = namespace or owner.namespace
        self._branch = branch
        self._ignores = ignores

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``: Argo CD gets the deploy key, as a Secret of its own."""
        secret = self._source.secret

        def values() -> Mapping[str, str]:
            return opening(self._source.ssh_url, access.secret(secret.namespace, secret.name, KEY))

        return (DerivedSecret(f"repository-{self.name}", self._owner, values, REPOSITORY, access.api),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        made = application(self.name, self._source.ssh_url, self._path, self._namespace, branch=self._branch)
        if self._ignores:
            rows = [{"group": group, "kind": kind, "jsonPointers": [pointer]} for group, kind, pointer in self._ignores]
            made["spec"]["ignoreDifferences"] = rows
        return (made,)


def opening(url: str, private_key: str) -> Mapping[str, str]:
    """What Argo CD is told about a repository that a key opens."""
    return {"type": "git", "url": url, "sshPrivateKey": private_key}


def application(name: str, url: str, path: str, namespace: str, *, branch: str = "main") -> KubernetesObject:
    """An application that follows a branch by itself, heals and prunes."""
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "Application",
        "metadata": {"name": name, "namespace": NAMESPACE, "finalizers": [FINALIZER]},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": path, "targetRevision": branch},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["ServerSideApply=true"],
                "retry": {"limit": 5, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}},
            },
        },
    }
