"""Connections that end on time: one deadline for a whole answer, and none used again that may have been forgotten."""

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
"""How long a connection may rest and be used again. Hosts, and the gateways before them, forget a connection after a
minute or more, and a worker that Lambda has frozen does not hear of it: its next request would vanish."""
MAX_HEADER_FIELDS = 1_000
"""How many fields an answer may have. The standard library stops at 100 and knows no other way to say so: gateways and
tracing add theirs, and an action that ran must not become unknown for them."""
http.client._MAXHEADERS = MAX_HEADER_FIELDS  # type: ignore[attr-defined]  # noqa: SLF001 - a constant, set once


class _TimedReader(io.RawIOBase):
    """A socket's reader with one deadline; a socket's own timeout restarts with every byte."""

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
    """An answer with one deadline for its head and its body together."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _TimedReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    @override
    def begin(self) -> None:
        super().begin()
        while HTTPStatus.SWITCHING_PROTOCOLS < self.status < HTTPStatus.OK:
            # http.client knows 100 alone. Taken for the answer, any other interim one (RFC 9110, section 15.2) would
            # leave the real one on the connection, for the next request to find.
            self.headers = self.msg = None  # type: ignore[assignment]  # as http.client itself begins
            super().begin()
        if self._reader.ended:  # http.client takes the end of the connection for the end of the head
            raise http.client.IncompleteRead(b"")
        if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
            raise http.client.UnknownProtocol("nobody asked for another")


class _RestedConnection(urllib3.connection.HTTPConnection):
    """A connection that is used again only while it can be trusted to be there."""

    response_class = _TimedAnswer
    _answered_at: float | None = None

    @override
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        response = super().getresponse()
        # The clock on the wall: the other one may stop while Lambda freezes the process.
        self._answered_at = time.time()
        return response

    @property
    @override
    def is_connected(self) -> bool:
        """Whether the host has not closed it, and cannot have forgotten it; asked by the pool before each reuse."""
        rested = self._answered_at is None or 0 <= time.time() - self._answered_at <= MAX_IDLE_SECONDS
        return rested and super().is_connected


class _HttpConnection(_RestedConnection):
    """Plain HTTP, for the simulator."""


class _HttpsConnection(_RestedConnection, urllib3.connection.HTTPSConnection):
    """HTTPS, for Genesys Cloud."""


class HttpPool(urllib3.HTTPConnectionPool):
    """Such connections to a host over plain HTTP."""

    ConnectionCls = _HttpConnection


class HttpsPool(urllib3.HTTPSConnectionPool):
    """Such connections to a host over TLS."""

    ConnectionCls = _HttpsConnection
