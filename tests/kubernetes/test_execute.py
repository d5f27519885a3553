"""Programs in pods: their input, their output, their end; the API server's side is played by a small WebSocket server."""

import base64
import hashlib
import json
import socket
import struct
import threading

import pytest

from converge.errors import Unreachable
from converge.kubernetes.client import Api
from converge.kubernetes.execute import ExecFailed, execute
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.kubeconfig import Credentials
from converge.kubernetes.wire import Wire

DONE = {"status": "Success"}


def failed(code):
    return {"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}}


class Pod:
    """Answers one connection: reads standard input to its end, then says what it was told to say."""

    def __init__(self, *says, status=DONE, refuse=None, breaks=False):
        self.asked = ""
        self.stdin = b""
        self._says, self._status, self._refuse, self._breaks = says, status, list(refuse or []), breaks
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def api(self, **options):
        return Api(Wire(Credentials(self.url)), **options)

    def _serve(self):
        while True:
            connection, _ = self._listener.accept()
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(4096)
                self.asked = head.decode()
                if self._refuse:
                    code, body = self._refuse.pop(0), json.dumps({"kind": "Status", "message": "not now"}).encode()
                    connection.sendall(f"HTTP/1.1 {code} No\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
                    continue
                self._talk(connection)
                return

    def _talk(self, connection):
        key = next(line.split(": ")[1] for line in self.asked.split("\r\n") if line.lower().startswith("sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()  # noqa: S324 - RFC 6455
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
        connection.sendall("\r\n".join([*lines, "Sec-WebSocket-Protocol: v5.channel.k8s.io", "", ""]).encode())
        if "stdin=true" in self.asked:
            while (message := _receive(connection)) != b"\xff\x00":
                assert message[0] == 0
                self.stdin += message[1:]
        for channel, data in self._says:
            _send(connection, bytes([channel]) + data)
        if self._breaks:
            return
        if self._status is not None:
            _send(connection, b"\x03" + json.dumps(self._status).encode())
            _send(connection, struct.pack("!H", 1000), opcode=8)
        else:
            connection.recv(1)


def _send(connection, data, opcode=2):
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
    connection.sendall(bytes([0x80 | opcode]) + size + data)


def _receive(connection):
    first = connection.recv(2, socket.MSG_WAITALL)
    size = first[1] & 0x7F
    if size == 126:
        size = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
    mask = connection.recv(4, socket.MSG_WAITALL)
    data = connection.recv(size, socket.MSG_WAITALL)
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def test_what_a_program_writes_is_returned():
    pod = Pod((1, b"hel"), (2, b"noise"), (1, b"lo"))
    assert execute(pod.api(), "web", "web-0", ["echo", "hello"]) == "hello"
    assert "/api/v1/namespaces/web/pods/web-0/exec?command=echo&command=hello" in pod.asked


def test_a_character_split_between_messages_stays_whole():
    first, second = "é".encode()[:1], "é".encode()[1:]
    assert execute(Pod((1, first), (1, second)).api(), "web", "web-0", ["x"]) == "é"


def test_standard_input_arrives_whole_and_ends():
    pod = Pod((1, b"ok"))
    text = "zeile é\n" * 8000
    assert execute(pod.api(), "web", "web-0", ["psql"], text) == "ok"
    assert pod.stdin.decode() == text
    assert "zeile" not in pod.asked


def test_another_exit_status_is_a_failure_with_its_last_words():
    with pytest.raises(ExecFailed, match="exit status 3") as caught:
        execute(Pod((1, b"out"), (2, b"ERROR: no such table"), status=failed(3)).api(), "web", "web-0", ["psql"])
    assert (caught.value.code, caught.value.stdout, caught.value.stderr) == (3, "out", "ERROR: no such table")
    assert "no such table" in str(caught.value)


def test_a_program_that_cannot_be_started_says_why():
    with pytest.raises(ExecFailed, match="executable file not found"):
        execute(Pod(status={"status": "Failure", "message": 'exec: "nope": executable file not found'}).api(), "web", "web-0", ["nope"])


def test_a_program_without_end_is_given_up_at_its_deadline():
    with pytest.raises(ExecFailed, match="no end after 0 s") as caught:
        execute(Pod((1, b"still here"), status=None).api(), "web", "web-0", ["sleep"], timeout_s=0.3)
    assert caught.value.stdout == "still here"


def test_a_broken_connection_is_neither_success_nor_failure():
    with pytest.raises((Unreachable, ExecFailed), match=r"may or may not|before the program's end"):
        execute(Pod((1, b"half"), breaks=True).api(), "web", "web-0", ["x"])


def test_a_start_that_is_refused_for_now_is_asked_again():
    assert execute(Pod((1, b"ok"), refuse=[503, 500]).api(), "web", "web-0", ["x"]) == "ok"


def test_a_start_that_is_refused_is_an_error_at_once():
    with pytest.raises(ApiRefused) as caught:
        execute(Pod(refuse=[404]).api(), "web", "web-0", ["x"])
    assert caught.value.code == 404
