"""Runs an HTTP server of the standard library in a thread of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer


@contextmanager
def in_background[Server: BaseServer](server: Server) -> Iterator[Server]:
    """Serve while the block runs, then close the server."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
