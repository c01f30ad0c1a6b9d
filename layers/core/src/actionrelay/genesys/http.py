"""One POST over urllib3, with the one thing that matters about a failure: whether the request may have arrived."""

import http.client
import io
import socket
import time
from collections.abc import Buffer, Mapping
from dataclasses import dataclass
from typing import Any, override

import urllib3
import urllib3.connection
from urllib3.exceptions import HTTPError

CONNECT_TIMEOUT_S = 5.0
MAX_ANSWER_BYTES = 5 * 1_024 * 1_024
_CHUNK_BYTES = 64 * 1_024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer as it came; ``complete`` is false when it was cut off at ``MAX_ANSWER_BYTES``."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool


class NotSentError(Exception):
    """The connection failed before any of the body went out, so nothing can have been done with it."""


class NoAnswerError(Exception):
    """The body was on its way, and no whole answer came back."""


class _WatchedBody:
    """A body that knows whether its sending has begun: without it the host has no request that it could carry out."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self.begun = False

    def read(self, size: int = -1) -> bytes:
        self.begun = True
        end = len(self._data) if size < 0 else self._position + size
        chunk = self._data[self._position : end]
        self._position += len(chunk)
        return chunk


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
        if self._reader.ended:  # http.client takes the end of the connection for the end of the head
            raise http.client.IncompleteRead(b"")


class _HttpConnection(urllib3.connection.HTTPConnection):
    """Plain HTTP, for the simulator."""

    response_class = _TimedAnswer


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    """HTTPS, for Genesys Cloud."""

    response_class = _TimedAnswer


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def new_pool() -> urllib3.PoolManager:
    """Make a connection pool for up to ten threads: TLS verified, nothing retried, no redirect followed."""
    pool = urllib3.PoolManager(num_pools=4, maxsize=10, block=False, retries=False)
    pool.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return pool


def post(
    pool: urllib3.PoolManager, url: str, headers: Mapping[str, str], body: bytes, wait_seconds: float
) -> HttpAnswer:
    """Post once and wait at most ``wait_seconds`` for the whole answer.

    Raises:
        NotSentError: DNS, connect or TLS failure.
        NoAnswerError: a reset, a timeout or a truncated answer after sending began.
    """
    watched = _WatchedBody(body)
    try:
        timeout = urllib3.Timeout(total=wait_seconds, connect=min(CONNECT_TIMEOUT_S, wait_seconds))
        response = pool.urlopen(
            "POST",
            url,
            body=watched,
            headers={**headers, "Content-Length": str(len(body))},
            timeout=timeout,
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            return _read(response)
        finally:
            response.release_conn()
    except (HTTPError, OSError, ValueError, http.client.HTTPException) as error:  # ValueError: an impossible header
        if watched.begun:
            raise NoAnswerError(type(error).__name__) from None
        raise NotSentError(type(error).__name__) from None


def _read(response: urllib3.BaseHTTPResponse) -> HttpAnswer:
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            return HttpAnswer(response.status, response.headers, bytes(body[:MAX_ANSWER_BYTES]), complete=False)
    return HttpAnswer(response.status, response.headers, bytes(body), complete=True)
