"""Connections with one deadline for a whole response, and none reused that the host may have dropped."""

import http.client
import io
import socket
import time
from collections.abc import Buffer
from http import HTTPStatus
from typing import Any, override

import urllib3
import urllib3.connection

CONNECT_TIMEOUT_S = 5.0
MAX_IDLE_SECONDS = 30.0
"""How long a connection may be idle and still be reused. Hosts and their gateways drop a connection after a minute or
more. A worker that Lambda has frozen does not notice, and its next request would be lost."""
MAX_HEADER_FIELDS = 1_000
"""How many header fields a response may have. The standard library stops at 100. Gateways and tracing add fields, and
an action that ran must not become ``unknown`` because of them."""
http.client._MAXHEADERS = MAX_HEADER_FIELDS  # type: ignore[attr-defined]  # noqa: SLF001 - a constant, set once


class _TimedReader(io.RawIOBase):
    """A socket's reader with one deadline. A socket's own timeout restarts with every byte."""

    def __init__(self, reader: io.RawIOBase, connected: socket.socket) -> None:
        self._reader, self._socket = reader, connected
        self._ends = time.monotonic() + (connected.gettimeout() or CONNECT_TIMEOUT_S)
        self.ended = False

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int | None:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._socket.settimeout(left)
        count = self._reader.readinto(buffer)
        self.ended = count == 0
        return count

    @override
    def close(self) -> None:
        self._reader.close()
        super().close()


class _TimedAnswer(http.client.HTTPResponse):
    """A response with one deadline for head and body together."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _TimedReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    @override
    def begin(self) -> None:
        super().begin()
        while HTTPStatus.SWITCHING_PROTOCOLS < self.status < HTTPStatus.OK:
            # http.client skips only 100. If another interim response (RFC 9110, section 15.2) were returned, the final
            # one would stay on the connection, and the next request would read it.
            self.headers = self.msg = None  # type: ignore[assignment]  # as http.client itself begins
            super().begin()
        if self._reader.ended:  # http.client takes the end of the connection for the end of the head
            raise http.client.IncompleteRead(b"")
        if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
            raise http.client.UnknownProtocol("no other was asked for")


class _RestedConnection(urllib3.connection.HTTPConnection):
    """A connection that is reused only while the host can't have dropped it."""

    response_class = _TimedAnswer
    _answered_at: float | None = None

    @override
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        response = super().getresponse()
        # Not the monotonic clock, which may stop while Lambda freezes the process.
        self._answered_at = time.time()
        return response

    @property
    @override
    def is_connected(self) -> bool:
        """Whether it is open and has not been idle for too long. The pool asks before each reuse."""
        rested = self._answered_at is None or 0 <= time.time() - self._answered_at <= MAX_IDLE_SECONDS
        return rested and super().is_connected


class _HttpConnection(_RestedConnection):
    """Plain HTTP, for the simulator."""


class _HttpsConnection(_RestedConnection, urllib3.connection.HTTPSConnection):
    """HTTPS, for Genesys Cloud."""


class HttpPool(urllib3.HTTPConnectionPool):
    """Connections to a host over plain HTTP."""

    ConnectionCls = _HttpConnection


class HttpsPool(urllib3.HTTPSConnectionPool):
    """Connections to a host over TLS."""

    ConnectionCls = _HttpsConnection
