"""What does not run in every test is tried as far as it can be: whether the API server would take its objects and pods (root, a minute).

That is what is only published, which has never run here, and what is optional, which a run of all features leaves out.

Nothing of it is written but namespaces and accounts, without which the API server would take no pod, and the kinds of cert-manager's.
"""

import itertools
import time
from dataclasses import replace

import pytest
import yaml

from converge.components.manifests import read
from converge.engine.platform import Platform
from converge.engine.reconcile import converge
from converge.inventory.model import EmbeddedNodes, Inventory
from converge.kubernetes import secrets
from converge.kubernetes.execute import execute
from converge.kubernetes.wait import wait_until_ready
from converge.kubernetes.workloads import LASTING

pytestmark = pytest.mark.cluster

INVENTORY = Inventory(
    name="dry-run-test",
    nodes=EmbeddedNodes(workers=0, subnet="10.88.122.0/24", pod_subnet="10.122.0.0/16"),
    components={"control-node": None},
)
READY_S = 60


@pytest.fixture(scope="module")
def platform():
    made = Platform(INVENTORY)
    try:
        assert not converge(made, "control-node").text
        kinds = [
            one for one in read(made.images.release("cert-manager") / "cert-manager.yaml") if one["kind"] == "CustomResourceDefinition"
        ]
        for kind in kinds:
            made.api.apply(kind)
        wait_until_ready(made.api, kinds, READY_S)
        yield made
    finally:
        made.stop()
        made.provider.delete()


def only_published():
    """The components that run what cannot be built here."""
    from converge.images.store import Images

    images = Images(INVENTORY)
    return [name for name, one in Platform.known(INVENTORY).items() if not all(map(images.is_buildable, one.images))]


def optional():
    """The components that come only where somebody asks for them."""
    return [name for name, one in Platform.known(INVENTORY).items() if one.is_optional]


TRIED = list(dict.fromkeys([*only_published(), *optional()]))


def objects_of(platform, name):
    return list(Platform.known(INVENTORY)[name].objects(replace(platform.context, ca_pem=lambda: "CA")))


def in_place(platform, name):
    """Its objects, after the namespaces that they lie in with the accounts of pods there, of which the cluster makes one."""
    objects = objects_of(platform, name)
    places = {one["metadata"].get("namespace") for one in objects}
    theirs = [other for other, made in Platform.known(INVENTORY).items() if made.namespace in places]
    there = [one for other in theirs for one in objects_of(platform, other)]
    api = platform.api
    for namespace in (one for one in there if one["kind"] == "Namespace"):
        api.apply(namespace)
        ends_at = time.monotonic() + READY_S
        while api.find("ServiceAccount", "default", namespace["metadata"]["name"]) is None:
            assert time.monotonic() < ends_at, "the cluster gave the namespace no account"
            time.sleep(0.2)
    for account in (one for one in there if one["kind"] == "ServiceAccount" and one["metadata"]["namespace"] in places):
        api.apply(account)
    return objects


def test_something_is_only_published_and_something_optional():
    assert only_published()
    assert optional()


@pytest.mark.parametrize("name", TRIED)
def test_the_api_server_would_take_every_object(platform, name):
    for obj in in_place(platform, name):
        taken = platform.api.apply(obj, dry_run=True)
        assert taken["metadata"]["name"] == obj["metadata"]["name"]


@pytest.mark.parametrize("name", TRIED)
def test_the_namespace_would_take_every_pod(platform, name):
    """A Deployment whose pods break the namespace's Pod Security Standard is taken, and its pods are not."""
    number = itertools.count()
    for obj in in_place(platform, name):
        if obj["kind"] in (*LASTING, "Job"):
            template = obj["spec"]["template"]
            claims = [one["metadata"]["name"] for one in obj["spec"].get("volumeClaimTemplates", ())]
            volumes = [*template["spec"].get("volumes", ()), *({"name": claim, "emptyDir": {}} for claim in claims)]
            metadata = {"name": f"tried-{next(number)}", "namespace": obj["metadata"]["namespace"], **template.get("metadata", {})}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**template["spec"], "volumes": volumes}}
            assert platform.api.create(pod, dry_run=True)["spec"]["containers"]


def test_the_namespace_would_take_what_jobs_of_awx_make(platform):
    jobs = next(one for one in in_place(platform, "awx") if one["metadata"]["name"] == "awx-jobs")
    pod, job = (yaml.safe_load(jobs["data"][key]) for key in ("pod.yaml", "job.json"))
    pod["metadata"]["name"] = "tried-job"
    assert platform.api.create(pod, dry_run=True)["spec"]["serviceAccountName"] == "awx-job"
    job["metadata"] = {"name": "tried-harness", "namespace": job["metadata"]["namespace"]}
    asked = platform.api.create(job, dry_run=True)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": job["metadata"], "spec": asked["spec"]["template"]["spec"]}
    assert platform.api.create(pod, dry_run=True)


def test_what_is_of_our_own_images_runs(platform):
    """Harbor's Valkey and the login of its registry, and the messages of AWX's pods: their images are built here."""
    for name in ("valkey", "base"):
        platform.cluster().load_images({platform.images.reference(name): platform.images.archive(name)})
    made = [*only(platform, "harbor", "valkey"), *only(platform, "harbor", "login"), *only(platform, "awx", "redis")]
    wait_until_ready(platform.api, made, 120)
    valkey, login, redis = ((one["metadata"]["namespace"], one["metadata"]["name"]) for one in made)
    assert execute(platform.api, *valkey, ["valkey-cli", "ping"]).strip() == "PONG"
    assert "NOAUTH" in execute(platform.api, *valkey, ["sh", "-c", "unset REDISCLI_AUTH; valkey-cli ping"])
    assert execute(platform.api, *login, ["cat", "/run/login/passwd"]).startswith("harbor:$2y$10$")
    assert execute(platform.api, *redis, ["valkey-cli", "-s", "/var/run/redis/redis.sock", "ping"]).strip() == "PONG"


def only(platform, name, container):
    """The first pod of a component with this container and no other, on volumes that go with it; where it ends, one that waits follows."""
    objects, api = in_place(platform, name), platform.api
    secrets.ensure(api, name, Platform.known(INVENTORY)[name].secrets())
    for config in (one for one in objects if one["kind"] == "ConfigMap"):
        api.apply(config)
    for obj in objects:
        spec = obj["spec"]["template"]["spec"] if obj["kind"] in LASTING else {"containers": []}
        ends = [one for one in spec.get("initContainers", ()) if one["name"] == container]
        stays = [one for one in spec["containers"] if one["name"] == container]
        if not (ends or stays):
            continue
        waits = [ends[0] | {"name": "waits", "command": ["sleep", "infinity"]}] if ends else stays
        used = {mount["name"] for one in waits for mount in one["volumeMounts"]}
        claims = [one["metadata"]["name"] for one in obj["spec"].get("volumeClaimTemplates", ())]
        volumes = [one for one in spec.get("volumes", ()) if one["name"] in used] + [{"name": one, "emptyDir": {}} for one in claims]
        metadata = {"name": f"only-{container}", "namespace": obj["metadata"]["namespace"]}
        whole = {**spec, "initContainers": ends, "containers": waits, "volumes": volumes}
        return [api.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole})]
    raise LookupError(container)


def test_a_field_that_does_not_exist_is_refused(platform):
    from converge.kubernetes.failures import ApiRefused

    first = only_published()[0]
    deployment = next(one for one in in_place(platform, first) if one["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["recources"] = {}
    with pytest.raises(ApiRefused, match="recources"):
        platform.api.create(deployment, dry_run=True)
