"""Servers on the loopback interface: one that follows scripts, and one that keeps its connections open."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Self

type Script = Callable[[socket.socket, threading.Event], None]
"""Handles a connection after its request is read; the event is set when the test ends."""


TRUNCATED = b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"status"'


def answering(status: int, body: bytes = b"", **headers: str) -> Script:
    """Send a whole answer, and close."""
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
    """Send nothing until the test ends."""
    over.wait(10)


def resetting_unread(connection: socket.socket, over: threading.Event) -> None:
    """Close with a reset once something has arrived, without reading it."""
    connection.recv(1, socket.MSG_PEEK)
    over.wait(0.05)  # until the rest has arrived
    resetting(connection, over)


def breaking_off(raw: bytes) -> Script:
    """Send these bytes, wait until they arrive, and close with a reset."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(raw)
        over.wait(0.05)
        resetting(connection, over)

    return script


def sipping(connection: socket.socket, over: threading.Event) -> None:
    """Read 5 MB a second: slower than it is sent, but fast enough that no single send times out."""
    while not over.wait(0.05) and connection.recv(262_144):
        pass


def dripping(head: bytes, drop: bytes, interval: float, times: int = 100) -> Script:
    """Send a drop at intervals, far longer than a client should wait; the end keeps a failing test from hanging."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        for _ in range(times):
            if over.wait(interval):
                return
            connection.sendall(drop)

    return script


class LoopbackServer:
    """Reads one request per connection, follows its scripts in order (the last one repeatedly), and keeps requests."""

    def __init__(self, *scripts: Script, reads: bool = True, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = list(scripts)
        self._reads = reads
        self._tls = tls
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
                self._meet(connection, script)

    def _meet(self, connection: socket.socket, script: Script) -> None:
        if self._tls is None:
            self._follow(connection, script)
            return
        with closing(self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)) as secured:
            secured.do_handshake()
            self._follow(secured, script)

    def _follow(self, connection: socket.socket, script: Script) -> None:
        if self._reads:
            self.requests.append(_read_request(connection))
        script(connection, self._over)


class KeepingServer:
    """Answers each request with its next answer, on any connection; an empty answer closes the connection."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._conversations: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []

    @property
    def connections(self) -> int:
        """Return the number of connections so far."""
        return len(self._open)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(5)
        self.hang_up()

    def hang_up(self, *, reset: bool = False) -> None:
        """Close every connection, as a host does with idle ones."""
        for connection in self._open:
            with suppress(OSError):
                if reset:
                    resetting(connection, threading.Event())
                    connection.shutdown(socket.SHUT_RD)  # wakes its thread, which closes it
                else:
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._conversations:
            thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                thread = threading.Thread(target=self._converse, args=(connection,), daemon=True)
                self._conversations.append(thread)
                thread.start()

    def _converse(self, connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            connection.settimeout(5)
            while True:
                self.requests.append(_read_request(connection))
                answer = self._answers.pop(0)
                if not answer:
                    return
                connection.sendall(answer)


def closed_port() -> int:
    """Return a port that no process listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
    return port


def _read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += _received(connection)
    head, _, body = request.partition(b"\r\n\r\n")
    lengths = (int(line.partition(b":")[2]) for line in head.splitlines() if b"content-length" in line.lower())
    length = next(lengths, 0)
    while len(body) < length:
        body += _received(connection)
    return head + b"\r\n\r\n" + body


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionResetError
    return data
