"""One POST over urllib3, with the one thing that matters about a failure: whether the request may have arrived."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import override

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


class _HttpConnection(urllib3.connection.HTTPConnection):
    """Plain HTTP, for the simulator; the head of an answer has one deadline."""

    @override
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        with _deadline(self):
            return super().getresponse()


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    """HTTPS, for Genesys Cloud; the head of an answer has one deadline."""

    @override
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        with _deadline(self):
            return super().getresponse()


@contextlib.contextmanager
def _deadline(connection: urllib3.connection.HTTPConnection) -> Iterator[None]:
    """Cut a connection off when its timeout has passed as a whole; the socket's own starts anew with every byte."""
    watch = threading.Timer(connection.timeout or CONNECT_TIMEOUT_S, _cut, (connection.sock,))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _cut(connected: socket.socket | None) -> None:
    if connected is not None:
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)


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
    ends = time.monotonic() + wait_seconds
    timeout = urllib3.Timeout(total=wait_seconds, connect=min(CONNECT_TIMEOUT_S, wait_seconds))
    try:
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
            return _read(response, ends)
        finally:
            response.release_conn()
    except (HTTPError, OSError, ValueError) as error:  # ValueError: a header that can't be one
        if watched.begun:
            raise NoAnswerError(type(error).__name__) from None
        raise NotSentError(type(error).__name__) from None


def _read(response: urllib3.BaseHTTPResponse, ends: float) -> HttpAnswer:
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            return HttpAnswer(response.status, response.headers, bytes(body[:MAX_ANSWER_BYTES]), complete=False)
        if time.monotonic() > ends:
            response.close()
            raise NoAnswerError("the answer took too long")
    return HttpAnswer(response.status, response.headers, bytes(body), complete=True)
