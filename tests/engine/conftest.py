"""A platform of one component over a recording API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from converge.components.component import Component
from converge.components.terms import Backup, GeneratedSecret, KubernetesObject, Remark, Setting
from converge.engine.operations import Operations
from converge.engine.platform import Platform
from converge.errors import Missing
from converge.inventory import Inventory
from converge.inventory.model import Deadlines

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "web"}, "data": {"colour": "blue"}}


class FakeCluster:
    name, nodes, ingress_address, kubeconfig = "test", (), "10.88.88.2", Path("/nonexistent")

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.lacks: set[str] = set()

    def load_images(self, archives: Mapping[str, Path], nodes: Sequence[str] | None = None) -> bool:
        self.loaded += archives
        return bool(self.lacks.intersection(archives))


class FakeProvider:
    def __init__(self, cluster: FakeCluster | None) -> None:
        self.cluster = cluster

        self.lacks = ""

    def exists(self) -> bool:
        return True

    def find(self) -> FakeCluster | None:
        return self.cluster

    def why_not(self) -> str:
        return "not running"

    def next_command(self) -> str:
        return "thinkube cluster start"

    def check(self) -> None:
        if self.lacks:
            raise Missing("a machine", seen=self.lacks, next_command="get more")


class FakeImages:
    def __init__(self) -> None:
        self.missing: dict[str, str] = {}

    def availability(self, name: str) -> str | None:
        return self.missing.get(name)

    def cached(self, name: str) -> str:
        return ""

    def is_buildable(self, name: str) -> bool:
        return True

    def reference(self, name: str) -> str:
        return f"thinkube.local/{name}:1"

    def archive(self, name: str) -> Path:
        return Path(f"/{name}.tar")

    def cancel(self) -> None:
        pass


class Web(Component):
    """A component that consists of what a test gives it."""

    name, issue, namespace = "web", "CORE-001", "web"

    def parts(self, inventory):
        return ()

    def __init__(self) -> None:
        super().__init__(Inventory())
        self.wanted: list[KubernetesObject] = [NAMESPACE, CONFIG]
        self.generated: list[GeneratedSecret] = []
        self.settings_wanted: list[Setting] = []
        self.before: list[Setting] = []
        self.remarked: list[Remark] = []
        self.to_copy: list[Backup] = []

    def objects(self, context):
        return self.wanted

    def secrets(self):
        return self.generated

    def settings(self, context, access):
        return self.settings_wanted

    def prerequisites(self, context, access):
        return self.before

    def remarks(self, access):
        return self.remarked

    def backups(self, context, access):
        return self.to_copy


class Bench:
    """A platform of one component over a fake API server, and what happened to it."""

    def __init__(self, fake_api) -> None:
        self.fake_api = fake_api
        self.log: list[str] = []
        self.component: Component | None = None
        self.cluster = FakeCluster()
        self.images = FakeImages()
        bench = self

        class Bound(Platform):
            @classmethod
            def known(cls, inventory=None):
                return {bench.component.name: bench.component}

        self.platform = Bound(Inventory(deadlines=Deadlines(component_s=10, lease_s=5)))
        self.operations = Operations(self.platform)
        self.platform.__dict__.update(api=fake_api.client(), provider=FakeProvider(self.cluster), images=self.images)

    def only(self, component: Component) -> None:
        """Let the platform consist of that."""
        self.component = component

    def lose_the_cluster(self) -> None:
        self.platform.__dict__["provider"] = FakeProvider(None)

    def converge(self):
        return self.operations.converge(self.component.name)

    def applied(self) -> list[str]:
        return [f"{request.verb} {(request.body or {}).get('kind', '')}" for request in self.fake_api.writes]


def with_web(bench):
    bench.web = Web()
    bench.only(bench.web)
    return bench


@pytest.fixture
def bench(empty_bench):
    return with_web(empty_bench)


@pytest.fixture
def another(made_bench):
    """A later run on the same cluster."""
    return lambda bench: with_web(made_bench(bench.fake_api))


@pytest.fixture
def empty_bench(fake_api, made_bench):
    return made_bench(fake_api)


@pytest.fixture
def made_bench(fake_api):
    """Makes benches, and ends them before their API server goes."""
    made = []

    def make(api):
        made.append(Bench(api))
        return made[-1]

    yield make
    for bench in made:
        bench.platform.stop()
        bench.platform.close({}, 0.0)
