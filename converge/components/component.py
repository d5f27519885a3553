"""What a component is: a name, what people keep in it, and the parts that it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from converge.components.part import Part
from converge.components.terms import (
    Access,
    Backup,
    Context,
    Credential,
    Endpoint,
    GeneratedSecret,
    KubernetesObject,
    Probe,
    Remark,
    Setting,
)
from converge.components.versions import stamped
from converge.inventory import Inventory


class Component:
    """One system of the platform on one inventory: a name, an issue, a namespace, and the parts that it is made of.

    ``Keycloak(inventory).secrets()``: every answer is collected from the parts, in their order. Subclasses say `parts` and
    what people call it and keep in it, and override no answer.
    """

    name: str
    issue: str
    namespace: str = ""
    called: str = ""
    """What people call it: "PostgreSQL", "the storage"; its name where nothing is said."""
    keeps: str = ""
    """What a user leaves behind in it, in a word: "rows", "keys and users"."""
    keeps_nothing: str = ""
    """Or why a user has nothing to lose in it."""
    only_provisions: bool = False
    """Whether it only makes things for others, who do not miss its pods for a moment: volumes, certificates."""
    is_optional: bool = False
    """Whether it comes only where somebody asks for it: the inventory lists it, or something that is wanted requires it."""
    is_machine: bool = False
    """Whether it is machines, or acts as some: its provider takes it away, not a rollback."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """What it is made of, in the order in which it is written."""
        raise NotImplementedError

    @cached_property
    def every_part(self) -> Sequence[Part]:
        """Its parts and theirs, each after those that it is made of."""
        return tuple(_with_theirs(self.parts(self.inventory)))

    @cached_property
    def requires(self) -> tuple[str, ...]:
        """The components that have to be there before it, as its parts say."""
        return tuple(dict.fromkeys(name for part in self.every_part for name in part.requires if name != self.name))

    @cached_property
    def images(self) -> tuple[str, ...]:
        """What its pods run, by the names of the catalog."""
        return tuple(dict.fromkeys(name for part in self.every_part for name in part.images))

    @cached_property
    def releases(self) -> tuple[str, ...]:
        """The upstream releases that it fits to this platform."""
        return tuple(dict.fromkeys(name for part in self.every_part for name in part.releases))

    @cached_property
    def qualities(self) -> frozenset[str]:
        """What it has that standard promises are made for: ``{"workloads", "hosts", "removable"}``."""
        own = {
            "keepsake": self.keeps,
            "nothing-to-lose": self.keeps_nothing,
            "removable": not self.is_machine,
            "secrets": any(type(part).credentials is not Part.credentials for part in self.every_part),
        }
        return frozenset([name for part in self.every_part for name in part.qualities] + [name for name, has in own.items() if has])

    def endpoints(self) -> Sequence[Endpoint]:
        """The host names it serves."""
        return [found for part in self.every_part for found in part.endpoints()]

    def probes(self) -> Sequence[Probe]:
        """How something in the cluster tells whether it serves."""
        return list(dict.fromkeys(found for part in self.every_part for found in part.probes()))

    def secrets(self) -> Sequence[GeneratedSecret]:
        """The Secrets it generates."""
        return [found for part in self.every_part for found in part.secrets()]

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """The Kubernetes objects it should consist of."""
        return stamped([found for part in self.every_part for found in part.objects(context)], context, self.images)

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """What components that it requires should hold for it."""
        return [found for part in self.every_part for found in part.prerequisites(context, access)]

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """What it should hold in admin APIs, in the order in which it has to be written."""
        return [found for part in self.every_part for found in part.settings(context, access)]

    def remarks(self, access: Access) -> Sequence[Remark]:
        """What somebody did to it on purpose."""
        return [found for part in self.every_part for found in part.remarks(access)]

    def backups(self, context: Context, access: Access) -> Sequence[Backup]:
        """What of its data is copied before another version of its programs may change it."""
        return [found for part in self.every_part for found in part.backups(context, access)]

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """How its generated Secrets are tried and told to products."""
        return [found for part in self.every_part for found in part.credentials(context, access)]


def _with_theirs(parts: Sequence[Part]) -> Iterator[Part]:
    for part in parts:
        yield from _with_theirs(part.parts())
        yield part
