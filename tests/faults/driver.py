"""A run of the harness in a process of its own, so that it can be killed: converges components and prints what came of it as JSON.

Everything that is done to it comes from outside the product: the killer listens to the HTTP library, faults of the API server come
from the proxy whose kubeconfig is named.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from converge.engine.operations import Operations
from converge.engine.platform import Platform
from converge.engine.run import Run
from converge.inventory import read
from converge.kubernetes.client import Api
from converge.kubernetes.request import Request
from converge.progress import State


class Kill:
    """Ends this very process, as a power cut would, right after the answer to the k-th write to whatever API."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.writes = 0
        self._lock = threading.Lock()

    def count(self) -> None:
        with self._lock:
            self.writes += 1
            if self.writes == self.after:
                os.kill(os.getpid(), signal.SIGKILL)

    def listen(self) -> None:
        """Count every request that is not a read, whoever sends it: the API server's, Keycloak's, object storage's."""
        from urllib3.connectionpool import HTTPConnectionPool

        original = HTTPConnectionPool.urlopen

        def urlopen(pool: Any, method: str, url: str, *arguments: Any, **options: Any) -> Any:
            answer = original(pool, method, url, *arguments, **options)
            if method not in ("GET", "HEAD", "OPTIONS") and "dryRun=All" not in url:
                self.count()
            return answer

        HTTPConnectionPool.urlopen = urlopen  # type: ignore[method-assign]


class Lines:
    """Progress as one line a change on standard error."""

    def note(self, subject: str, state: State, detail: str = "") -> None:
        sys.stderr.write(f"{time.time():.2f} {subject}: {state} {detail}\n")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--inventory", type=Path, required=True)
    parser.add_argument("--kubeconfig", type=Path, help="of the proxy that stands before the API server")
    parser.add_argument("--kill-after", type=int, default=0)
    parser.add_argument("--lease-s", type=int)
    parser.add_argument("--component-s", type=int)
    parser.add_argument("--roll-back", action="store_true")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    kill = Kill(options.kill_after)
    kill.listen()
    inventory = read(options.inventory, components=Platform.known())
    given = {name: seconds for name in ("lease_s", "component_s") if (seconds := getattr(options, name)) is not None}
    inventory = inventory.model_copy(update={"deadlines": inventory.deadlines.model_copy(update=given)})
    platform = Platform(inventory, progress=Lines())
    written: list[str] = []

    def observe(request: Request, code: int, _seconds: float) -> None:
        if request.is_write and code < 400:
            written.append(request.subject)
        if request.verb == "execute":
            kill.count()

    if cluster := platform.find_cluster():
        vars(platform)["api"] = Api.from_kubeconfig(options.kubeconfig or cluster.kubeconfig, observe=observe)
    with tempfile.TemporaryDirectory(prefix="thinkube-faults-") as folder:
        run = Run(Operations(platform), Path(folder))
        try:
            if options.roll_back:
                outcomes = {outcome.component: outcome for name in options.names for outcome in run.converger.roll_back(name)}
            else:
                run.converger.select(options.names)
                outcomes = {name: run.converger.outcome(name) for name in platform.graph.closure(options.names)}
        except KeyboardInterrupt:
            outcomes = run.converger.outcomes
        finally:
            run.close()
    answer = {
        "outcomes": {name: outcome.as_json() for name, outcome in outcomes.items()},
        "points": kill.writes,
        "written": [subject for subject in written if "Lease" not in subject],
    }
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
