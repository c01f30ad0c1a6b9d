"""How the local servers are served: uvicorn, with a hold on the raw connection, on a port of choice or a
free one.

`ConnectionProtocol` is uvicorn's own HTTP/1.1 protocol plus one thing: it hands the connection to the
application as `scope["state"]["connection"]`, so that a response can break it the way networks do. A reset
is a real one: with `SO_LINGER` on and a linger time of 0, closing the socket sends RST in place of FIN, and
the client's next read fails with ECONNRESET.
"""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any, override

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_LINGER_ZERO = struct.pack("ii", 1, 0)
_POLL_SECONDS = 0.005


class Connection:
    """The client's connection, as far as an application may meddle with it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def reset(self) -> None:
        """Break it with RST, unless its client has left. What was written and not yet sent is lost."""
        if self._transport.is_closing():
            return
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        self._transport.abort()

    def close(self) -> None:
        """Close it in order, after what was written has gone out, however much of an answer is missing."""
        self._transport.close()


class ConnectionProtocol(H11Protocol):
    """HTTP/1.1 whose requests carry their connection, and whose unanswered requests do not hold up a
    shutdown.
    """

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection; every request on it finds it in its state."""
        super().connection_made(transport)
        # asyncio does this for sockets it opened, not for a listener it is handed; without it every answer
        # waits some 40 ms for the client's delayed ACK, since head and body are two writes.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state: dict[str, Any] = {**self.app_state, "connection": Connection(transport)}

    @override
    def shutdown(self) -> None:
        """End the connection at once: a request that hangs on purpose would never let the server go."""
        # There is no cycle (None) before the first request, whatever its declared type says.
        if getattr(self.cycle, "response_complete", True):
            super().shutdown()
        else:
            self.transport.abort()


def server_for(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """Return a uvicorn server for `app` that prints nothing but warnings.

    Idle connections are kept for long: a client that reuses one must not meet a close that no scenario
    asked for.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=ConnectionProtocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=600,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


@contextlib.contextmanager
def running(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` in a thread for the length of a `with` block; the value is its base URL.

    Port 0 takes a free one. Raises `RuntimeError` if the server does not come up, `OSError` if the port is
    taken.
    """
    with socket.create_server((host, port)) as listener:
        server = server_for(app, host=host, port=port)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    msg = "the server ended before it started"
                    raise RuntimeError(msg)
                time.sleep(_POLL_SECONDS)
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
