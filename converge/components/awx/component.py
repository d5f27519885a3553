"""AWX: playbooks from pages, with the platform's login; here, the platform's optional components are deployed, verified and removed by it.

Two workloads of one image, without AWX's operator: the web pods' pages and API, the task pod that starts jobs. A job is a pod of this
namespace, whose playbook runs the harness as a Job and waits for it. The images are only published: elsewhere AWX is unavailable.
Source: AWX 24.6.1 (tools/ansible/roles/dockerfile, awx/settings/defaults.py); awx-operator 2.19.1 (roles/installer/templates).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from converge.components.awx.administrator import Administrator
from converge.components.awx.server import ADMINISTRATORS, CALLBACK, NAME, OWN, SIGN_ON, as_administrator
from converge.components.awx.settings import AwxAdministrators
from converge.components.awx.templates import PROJECT, items
from converge.components.component import Component
from converge.components.harness.component import Harness, reports
from converge.components.harness.server import IMAGE, job
from converge.components.harness.server import NAMESPACE as INSIDE
from converge.components.keycloak.oidc_client import ConfidentialClient
from converge.components.keycloak.realm import realm
from converge.components.part import Owner, Part, PartWithSecret
from converge.components.parts.held import Holds
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.service_account import ServiceAccount
from converge.components.parts.trust import CaBundle, ServerCertificate
from converge.components.postgres.database import Database
from converge.components.terms import Access, Context, GeneratedSecret, Setting
from converge.inventory import Inventory

PLACE = "IMAGE"
"""What the template of the Job says where the image will stand."""

PLAYBOOKS = Path(__file__).parent / "playbooks"


class Awx(Component):
    """CORE-011: AWX, where its images can be had."""

    name = NAME
    issue = "CORE-011"
    namespace = NAME
    called = "AWX"
    keeps = "job templates"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: its login knows no groups, so who administers is a setting."""
        database, ca, administrator, keys = Database(self), CaBundle(self), Administrator(self), Keys(self)
        web = WebHost(self, service="awx-web", port="http", page="/api/v2/ping/", sign_on=SIGN_ON)
        client = ConfidentialClient(self, redirect_uris=[f"{web.url}{CALLBACK}"], groups={ADMINISTRATORS: {}})
        receptor = ServerCertificate(self, ["awx-task.awx.svc"], name="awx-receptor", usages=["server auth", "client auth"])
        starter, runner = starts_jobs(self), runs_harness(self)
        servers = Manifests(
            self,
            images=["awx", "awx-ee", "valkey"],
            requires=["harness"],
            database=database,
            ca=ca,
            administrator=administrator,
            keys=keys,
            web=web,
            client=client,
            receptor=receptor,
            starter=starter,
            runner=runner,
            project=PROJECT,
            harness_image=IMAGE,
            harness_job=json.dumps(job(PLACE, reports(Harness(inventory)), "verify", "valkey")),
            place=PLACE,
            playbooks={path.name: path.read_text(encoding="utf-8") for path in sorted(PLAYBOOKS.glob("*.yml"))},
        )
        return database, ca, administrator, keys, client, receptor, starter, runner, servers, web, Holds(held)


def held(context: Context, access: Access) -> Sequence[Setting]:
    """Who administers, and what can be started."""
    awx = as_administrator(context.inventory, access)
    administrators = AwxAdministrators(awx, realm(context.inventory, access), ADMINISTRATORS, own=OWN)
    return administrators, *items(awx, context)


def starts_jobs(owner: Owner) -> ServiceAccount:
    """What the task pod may do: a pod for each job, in this namespace."""
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch", "create", "delete"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods/attach"], "verbs": ["create"]},
    ]
    return ServiceAccount(owner, name="awx-task", rules=rules)


def runs_harness(owner: Owner) -> ServiceAccount:
    """What a job's playbook may do: start a Job where the harness runs, and follow it."""
    rules = [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get", "list", "watch", "create", "delete"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    ]
    return ServiceAccount(owner, name="awx-job", rules=rules, there=INSIDE)


class Keys(PartWithSecret):
    """With which AWX encrypts credentials, and its parts know each other."""

    def __init__(self, owner: Owner) -> None:
        kinds = {"secret-key": "hex32", "broadcast-secret": "hex32", "work-signing.pem": "rsa-key"}
        why = "AWX encrypts what it keeps with it, and cannot be told another"
        self.secret = GeneratedSecret(owner.namespace, "awx-keys", kinds, lasting=why)
