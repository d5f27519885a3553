"""What Prometheus has measured, waited for as who depends on it does, and throw-away programs that have metrics.

Nobody is told when it has scraped: it is asked once a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from converge.acceptance.throwaway import PORT, Program
from converge.components.parts.scraped import ANNOTATION
from converge.errors import NotReady
from converge.kubernetes.objects import annotations_of

if TYPE_CHECKING:
    from converge.apis.prometheus import Prometheus, Sample, Target
    from converge.kubernetes.client import Api

T = TypeVar("T")

METRIC, VALUE = "throw_away_degrees", 42.0
THROW_AWAY = "throw-away-"
PAUSE_S = 1.0
SAYS = {f"{ANNOTATION}/scrape": "true", f"{ANNOTATION}/port": str(PORT)}
"""The annotations of who has metrics."""

_SERVER = r"""
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 16, ReuseAddr => 1) or die $@;
$SIG{TERM} = sub { exit 0 };
while (my $client = $server->accept) {
  while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
  my $page = "$ARGV[1] $ARGV[2]\n";
  print $client "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: ", length $page, "\r\n\r\n$page";
  close $client;
}
"""

MEASURES = Program(command=("perl", "-e", _SERVER, str(PORT), METRIC, str(VALUE)))
"""A program whose only metric is `METRIC`."""


def wait_until_measured(prometheus: Prometheus, expression: str, deadline_s: float, at: float | None = None) -> Sequence[Sample]:
    """Wait until an expression says something, of now or of a moment, and give that.

    Raises:
        NotReady: it says nothing at the deadline.
    """
    return _wait(lambda: prometheus.query(expression, at), bool, f"samples of {expression}", lambda _: "none", deadline_s)


def wait_until_up(prometheus: Prometheus, deadline_s: float) -> Sequence[Target]:
    """Wait until everything is scraped that there is, but for what scenarios throw away.

    Raises:
        NotReady: something is not; ``seen`` is what, and why.
    """

    def down(targets: Sequence[Target]) -> list[str]:
        return [f"{one.url} ({one.job}): {one.error or one.health}" for one in targets if one.health != "up"]

    def lasting() -> Sequence[Target]:
        return [one for one in prometheus.targets() if not one.labels.get("namespace", "").startswith(THROW_AWAY)]

    def seen(targets: Sequence[Target]) -> str:
        return "\n".join(down(targets)) or "no target"

    return _wait(lasting, lambda targets: bool(targets) and not down(targets), "every target up", seen, deadline_s)


def wait_for_alert(prometheus: Prometheus, name: str, pod: str, deadline_s: float, *, raised: bool = True) -> None:
    """Wait until an alert about a pod is firing, or there is none any more.

    Raises:
        NotReady: it is not so at the deadline.
    """

    def states() -> list[str]:
        return [one["state"] for one in prometheus.alerts() if (one["labels"]["alertname"], one["labels"].get("pod")) == (name, pod)]

    wanted = f"alert {name} for pod {pod} {'raised' if raised else 'gone'}"
    _wait(states, lambda seen: "firing" in seen if raised else not seen, wanted, lambda seen: ", ".join(seen) or "no alert", deadline_s)


def announced(api: Api) -> set[tuple[str, str]]:
    """The Services that say that they have metrics, each with its namespace, but for what scenarios throw away."""
    services = [one for one in api.list("Service") if annotations_of(one).get(f"{ANNOTATION}/scrape") == "true"]
    places = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in services}
    return {place for place in places if not place[0].startswith(THROW_AWAY)}


def service_with_metrics(pod: str) -> dict[str, Any]:
    """A Service of a throw-away pod that says that it has metrics."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": pod, "annotations": SAYS},
        "spec": {"clusterIP": "None", "selector": {"app": pod}, "ports": [{"name": "metrics", "port": PORT}]},
    }


def unverified(configuration: Mapping[str, Any], jobs: Iterable[str]) -> list[str]:
    """The jobs among these that do not ask over TLS, or do not verify whom."""
    found = {one["job_name"]: one for one in configuration["scrape_configs"]}
    return [
        name
        for name in jobs
        if found[name].get("scheme") != "https"
        or found[name].get("tls_config", {}).get("insecure_skip_verify")
        or not found[name].get("tls_config", {}).get("ca_file")
    ]


def _wait(ask: Callable[[], T], is_it: Callable[[T], bool], wanted: str, said: Callable[[T], str], deadline_s: float) -> T:
    end = time.monotonic() + deadline_s
    while not is_it(seen := ask()):
        if time.monotonic() > end:
            raise NotReady(wanted, seen=said(seen))
        time.sleep(PAUSE_S)
    return seen
