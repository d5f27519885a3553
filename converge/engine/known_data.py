"""The data that the platform is known to hold, kept in the cluster: what a converge does not find any more is named as lost.

A volume is known by its claim's uid. What a product holds (a database, a bucket, a realm) is known by its name: it is lost where it was
known and a converge found it absent. Kept in the ConfigMap ``thinkube-system/known-data``, an entry for each component.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from converge.components.terms import Data, Difference, Setting
from converge.engine.record import stamp
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import SYSTEM_NAMESPACE, KubernetesObject, Ref
from converge.kubernetes.rollback import claims

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

NAME = "known-data"


@dataclass(frozen=True)
class Datum:
    """One piece of data: the component whose data holds it, since when it is known, and its claim's uid where it is a volume.

    ``lost`` is since when that had been known which is gone, until a run has said so to the end.
    """

    within: str
    since: str
    uid: str = ""
    lost: str = ""


class KnownData:
    """What is known of one component's data; nothing is read before it is asked for."""

    def __init__(self, api: Callable[[], Api], component: str) -> None:
        self._api = api
        self._component = component

    @cached_property
    def _before(self) -> dict[str, Datum]:
        return _read(self._api()).get(self._component, {})

    @cached_property
    def _now(self) -> dict[str, Datum]:
        return dict(self._before)

    def look(self, setting: Setting, found: Sequence[Difference]) -> bool:
        """Take in what was read of a setting before it is written; says whether data is lost: keep that before anything is made anew."""
        if not isinstance(setting, Data) or not setting.is_data:
            return False
        known = self._now.get(setting.subject)
        is_absent = any(one.subject == setting.subject and not one.field and one.seen == "absent" for one in found)
        if known is None or is_absent:
            self._now[setting.subject] = self._anew(setting.within, known)
        return is_absent and known is not None

    def look_at_volumes(self, objects: Iterable[KubernetesObject]) -> None:
        """Take in the volumes that a component has, once all that claims them is there."""
        claiming = [obj for obj in objects if (obj.get("spec") or {}).get("volumeClaimTemplates")]
        if not claiming:
            return
        for claim in claims(self._api(), self._component, claiming):
            subject, uid = str(Ref.of({"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim})), claim["metadata"]["uid"]
            known = self._now.get(subject)
            if known is None or known.uid != uid:
                self._now[subject] = replace(self._anew(self._component, known), uid=uid)

    def lost(self, settings: Iterable[Setting] | None = None) -> list[str]:
        """``database keycloak, known since 2026-11-26T15:00:00Z``: all that is lost, or only what of these settings is."""
        if not self._is_read:
            return []
        subjects = self._now.keys() if settings is None else {setting.subject for setting in settings}
        return [f"{subject}, known since {one.lost}" for subject, one in self._now.items() if one.lost and subject in subjects]

    def said(self) -> None:
        """The loss has been told, and whoever used the data follows: what is there now is what is known."""
        if self._is_read:
            self._now.update({subject: replace(one, lost="") for subject, one in self._now.items()})

    @property
    def is_to_be_kept(self) -> bool:
        """Whether more or other things are known than the cluster says."""
        return self._is_read and self._now != self._before

    def keep(self) -> None:
        """Write it into the cluster; the caller holds the platform."""
        _write(self._api(), {self._component: self._now})
        self._before = dict(self._now)

    @property
    def _is_read(self) -> bool:
        return "_now" in self.__dict__

    @staticmethod
    def _anew(within: str, known: Datum | None) -> Datum:
        return Datum(within, stamp(time.time()), lost=(known.lost or known.since) if known else "")


def forget(api: Api, component: str) -> None:
    """A component's data was given up on purpose, and with it what that held for others."""
    known = _read(api)
    left = {name: {subject: one for subject, one in data.items() if one.within != component} for name, data in known.items()}
    left |= {component: {}} if component in left else {}
    if changed := {name: data for name, data in left.items() if data != known[name]}:
        _write(api, changed)


def _read(api: Api) -> dict[str, dict[str, Datum]]:
    data = (api.find("ConfigMap", NAME, SYSTEM_NAMESPACE) or {}).get("data") or {}
    return {name: {subject: Datum(**fields) for subject, fields in json.loads(text).items()} for name, text in data.items()}


def _write(api: Api, known: dict[str, dict[str, Datum]]) -> None:
    """Only the entries of these components: others may be written at the same time."""
    data = {name: json.dumps({subject: asdict(one) for subject, one in data.items()}, sort_keys=True) for name, data in known.items()}
    try:
        api.patch("ConfigMap", NAME, SYSTEM_NAMESPACE, {"data": data})
    except ApiRefused as refused:
        if refused.code != 404:
            raise
        try:
            api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": SYSTEM_NAMESPACE}, "data": data})
        except ApiRefused as met:
            if met.code != 409:
                raise
            api.patch("ConfigMap", NAME, SYSTEM_NAMESPACE, {"data": data})
