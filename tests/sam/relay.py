"""A TCP relay: lets one more address of this machine lead to a server that listens on another."""

import contextlib
import socket
import socketserver
from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlsplit

_CHUNK = 65_536


@contextlib.contextmanager
def relay(url: str, address: str) -> Iterator[str]:
    """Let `address`, at a free port, lead to the server of `url`; yield its URL there."""
    parts = urlsplit(url)
    target = (parts.hostname or "", parts.port or 80)

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), socket.create_connection(target) as server:
                answers = Thread(target=_copy, args=(server, self.request))
                answers.start()
                _copy(self.request, server)
                answers.join()

    with socketserver.ThreadingTCPServer((address, 0), Connection) as listener:
        listener.daemon_threads = True
        serving = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield f"http://{address}:{listener.server_address[1]}"
        finally:
            listener.shutdown()
            serving.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    """Hand on all that comes, then the end of it; a broken connection ends it too."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
