"""A recording HTTP proxy on the loopback that leads everybody to one server, whatever they ask for.

with FakeProxy(fake_api.url) as proxy:
    ...
    assert proxy.asked == ["CONNECT api.example:6443 HTTP/1.1"]
"""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class FakeProxy:
    """``asked`` holds the first line of each connection, ``heads`` the whole beginnings; without a server it refuses everybody."""

    def __init__(self, server: str = "") -> None:
        self.asked: list[str] = []
        self.heads: list[str] = []
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> FakeProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (piece := connection.recv(4096)):
                    break
                head += piece
            self.heads.append(head.decode(errors="replace"))
            self.asked.append(self.heads[-1].partition("\r\n")[0])
            if not self._server:
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            parts = urlsplit(self._server)
            with socket.create_connection((parts.hostname or "", parts.port or 80)) as server:
                if head.startswith(b"CONNECT "):
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    server.sendall(head)
                back = threading.Thread(target=_pump, args=(server, connection), daemon=True)
                back.start()
                _pump(connection, server)
                back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
