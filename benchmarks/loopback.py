"""A server that answers every POST with the same document, as cheaply as Python can: the floor under a client.

`python -m benchmarks.loopback [MS]` prints its port and serves, a thread per connection, each answer after so many ms,
until its standard input ends.
"""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

_ANSWER = json.dumps(
    {
        "executionId": "123e4567-e89b-12d3-a456-426614174000",
        "status": "completed",
        "webhookStatus": "none",
        "cacheStatus": "enabled",
        "result": {"total": 123.45, "currency": "EUR", "transactions": [{"id": f"tx_{n:03d}"} for n in range(20)]},
    }
).encode()
_HEAD = (
    f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(_ANSWER)}\r\n"
    "ININ-Correlation-Id: 5f8b3c1e-0000-4000-8000-000000000000\r\n\r\n"
)
_WHOLE = _HEAD.encode() + _ANSWER
_END_OF_HEAD = b"\r\n\r\n"


@contextlib.contextmanager
def server(latency_ms: int = 0) -> Iterator[str]:
    """Run the server in a process of its own and return its URL."""
    command = [sys.executable, "-m", "benchmarks.loopback", str(latency_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def _serve(connection: socket.socket, latency_ms: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, contextlib.suppress(ConnectionError):
        pending = b""
        while received := connection.recv(1 << 20):
            pending += received
            head, found, body = pending.partition(_END_OF_HEAD)
            if found and len(body) >= _length(head):
                pending = b""
                time.sleep(latency_ms / 1_000)
                connection.sendall(_WHOLE)


def _length(head: bytes) -> int:
    name = b"content-length:"
    return next(int(line[len(name) :]) for line in head.lower().split(b"\r\n") if line.startswith(name))


def main() -> None:
    """Serve until standard input ends."""
    latency_ms = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        threading.Thread(target=_accept, args=(listening, latency_ms), daemon=True).start()
        sys.stdin.read()


def _accept(listening: socket.socket, latency_ms: int) -> None:
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_serve, args=(connection, latency_ms), daemon=True).start()


if __name__ == "__main__":
    main()
