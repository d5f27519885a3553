"""Argo CD's command line as programs and people use it: the real one in a throw-away pod, which has to speak gRPC with the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.acceptance.throwaway import Program

if TYPE_CHECKING:
    from converge.acceptance.throwaway import ThrowawayPods
    from converge.sso import Browser, Credentials

CALLBACK = "http://localhost:8085/"
"""Where it waits for a person's browser to come back to."""

_BEGIN = """
umask 077
export HOME=/tmp/home SSL_CERT_FILE=/tmp/home/ca.pem ARGOCD_SERVER=$1
mkdir -p "$HOME"
shift
"""

_AS_PROGRAM = """
IFS= read -r ARGOCD_AUTH_TOKEN
export ARGOCD_AUTH_TOKEN
cat > "$SSL_CERT_FILE"
"""

_ARGOCD = """
argocd "$@" 2> "$HOME/said" || { cat "$HOME/said" >&2; exit 1; }
# Where nobody answers by gRPC it goes another way by itself, and only says so.
if grep "Failed to invoke grpc call" "$HOME/said" >&2; then exit 1; fi
"""

_ASK_LOGIN = """
cat > "$SSL_CERT_FILE"
argocd login "$ARGOCD_SERVER" --sso --sso-launch-browser=false > "$HOME/login" 2>&1 < /dev/null &
for _ in $(seq 300); do
  grep -o 'https://[^ ]*' "$HOME/login" && exit
  kill -0 $! || break
  sleep 0.1
done
cat "$HOME/login" >&2
exit 1
"""

_COME_BACK = """
IFS= read -r path
# It names the page a moment before it listens.
for _ in $(seq 300); do (: <>/dev/tcp/localhost/8085) 2> /dev/null && break; sleep 0.1; done
exec 3<>/dev/tcp/localhost/8085
printf 'GET %s HTTP/1.0\\r\\nHost: localhost:8085\\r\\n\\r\\n' "$path" >&3
head -n 1 <&3
for _ in $(seq 300); do
  grep -q "logged in successfully" "$HOME/login" && exit
  sleep 0.1
done
cat "$HOME/login" >&2
exit 1
"""


class CommandLine:
    """A throw-away pod with the command line, which speaks with ``host`` and trusts ``ca_pem``; ``image`` is the server's own."""

    def __init__(self, pods: ThrowawayPods, name: str, image: str, host: str, ca_pem: str) -> None:
        self._pods = pods
        self._server = f"{host}:443"
        self._ca_pem = ca_pem
        self.name = pods.make(name, program=Program(image=image, memory="256Mi", uid=999))

    def run_as(self, token: str, *words: str) -> str:
        """What a command says with a token: ``run_as(token, "app", "list", "-o", "name")``.

        Raises:
            ExecFailed: it was refused.
        """
        return self._run(_AS_PROGRAM + _ARGOCD, f"{token}\n{self._ca_pem}", *words)

    def sign_in(self, browser: Browser, credentials: Credentials) -> None:
        """Sign in as a person does: the command line names a page, the browser opens it, signs in, and is sent back to the command line.

        Raises:
            ExecFailed: the command line did not end up signed in.
        """
        asked = self._run(_ASK_LOGIN, self._ca_pem).split()[0]
        page = browser.visit(asked, credentials, until=CALLBACK)
        self._run(_COME_BACK, "/" + page.url.removeprefix(CALLBACK) + "\n")

    def run(self, *words: str) -> str:
        """What a command says to whoever has signed in."""
        return self._run(_ARGOCD, "", *words)

    def remove(self) -> None:
        """Remove the pod."""
        self._pods.remove(self.name)

    def _run(self, script: str, told: str, *words: str) -> str:
        return self._pods.run(self.name, ["bash", "-euc", _BEGIN + script, "argocd", self._server, *words], told)
