"""A server on the loopback interface that reads one request per connection and then does as its script says."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Self

type Script = Callable[[socket.socket, threading.Event], None]
"""What happens to a connection once its request was read; the event ends the test."""


def answering(status: int, body: bytes = b"", **headers: str) -> Script:
    """Answer whole, and close."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return saying("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def saying(raw: bytes) -> Script:
    """Send these bytes, and close."""
    return lambda connection, _over: connection.sendall(raw)


def resetting(connection: socket.socket, _over: threading.Event) -> None:
    """Close with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(_connection: socket.socket, over: threading.Event) -> None:
    """Say nothing until the test is over."""
    over.wait(10)


def dripping(head: bytes, drop: bytes, interval: float, times: int = 100) -> Script:
    """Send a drop now and then, far longer than anybody should wait; the end keeps a failing test from hanging."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        for _ in range(times):
            if over.wait(interval):
                return
            connection.sendall(drop)

    return script


class LoopbackServer:
    """Serves its scripts in order, the last one for ever, and keeps what it was sent."""

    def __init__(self, *scripts: Script, reads: bool = True) -> None:
        self._scripts = list(scripts)
        self._reads = reads
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            with closing(connection), suppress(OSError):
                connection.settimeout(5)
                if self._reads:
                    self.requests.append(_read_request(connection))
                script(connection, self._over)


def closed_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
    return port


def _read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += _received(connection)
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(int(line.partition(b":")[2]) for line in head.splitlines() if b"content-length" in line.lower())
    while len(body) < length:
        body += _received(connection)
    return head + b"\r\n\r\n" + body


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionResetError
    return data
