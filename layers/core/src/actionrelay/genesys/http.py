"""One request over urllib3. Its errors say whether the request may have arrived."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

import urllib3
from urllib3.exceptions import HTTPError

from actionrelay.genesys.connections_http import CONNECT_TIMEOUT_S, HttpPool, HttpsPool
from actionrelay.tls_http import trusting_as_browsers_do

MAX_ANSWER_BYTES = 5 * 1_024 * 1_024
"""Bytes of a body that are read, counted after decompression."""
_CHUNK_BYTES = 64 * 1_024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A response. ``complete`` is false if its body was cut off: at ``MAX_ANSWER_BYTES`` or, if it is an error, by the
    host, since status and headers of an error are enough.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    complete: bool


class NotSentError(Exception):
    """The connection failed before any of the body went out, so the request had no effect."""


class NoAnswerError(Exception):
    """Part of the body was sent, and no whole response arrived. ``part`` is the start of one that broke off."""

    def __init__(self, reason: str, part: HttpAnswer | None = None) -> None:
        super().__init__(reason)
        self.part = part


class _WatchedBody:
    """A body that knows whether any of it was sent: before that, the host has no request to carry out.

    Sending stops when the time is over, so that a host can't read it too slowly.
    """

    def __init__(self, data: bytes, wait_seconds: float) -> None:
        self._data = data
        self._position = 0
        self._ends = time.monotonic() + wait_seconds
        self.begun = False

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() >= self._ends:
            raise TimeoutError("the request took too long")
        self.begun = True
        end = len(self._data) if size < 0 else self._position + size
        chunk = self._data[self._position : end]
        self._position += len(chunk)
        return chunk


def new_pool() -> urllib3.PoolManager:
    """Make a connection pool for up to ten threads: TLS verified, no retries, no redirects."""
    tls = trusting_as_browsers_do()
    pool = urllib3.PoolManager(num_pools=4, maxsize=10, block=False, retries=False, ssl_context=tls)
    pool.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
    return pool


def post(
    pool: urllib3.PoolManager, url: str, headers: Mapping[str, str], body: bytes, wait_seconds: float
) -> HttpAnswer:
    """Post once and wait at most ``wait_seconds`` for the whole response.

    Raises:
        NotSentError: DNS, connect or TLS failure, or the time was over before any of the body went out.
        NoAnswerError: a reset or a timeout after sending began, or a success whose body broke off.
    """
    return _exchange(pool, "POST", url, headers, body, wait_seconds=wait_seconds)


def get(pool: urllib3.PoolManager, url: str, headers: Mapping[str, str], wait_seconds: float) -> HttpAnswer:
    """Get once, with the limits of ``post``.

    Raises:
        NotSentError: DNS, connect or TLS failure, or a reset or timeout before the response: a GET has no body.
        NoAnswerError: a success whose body broke off.
    """
    return _exchange(pool, "GET", url, headers, None, wait_seconds=wait_seconds)


def _exchange(
    pool: urllib3.PoolManager,
    method: Literal["GET", "POST"],
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    wait_seconds: float,
) -> HttpAnswer:
    watched = None if body is None else _WatchedBody(body, wait_seconds)
    length = {} if body is None else {"Content-Length": str(len(body))}
    try:
        timeout = urllib3.Timeout(total=wait_seconds, connect=min(CONNECT_TIMEOUT_S, wait_seconds))
        response = pool.urlopen(
            method,
            url,
            body=watched,
            headers={**headers, **length},
            timeout=timeout,
            redirect=False,
            retries=False,
            preload_content=False,
        )
    except (HTTPError, OSError, ValueError, http.client.HTTPException) as error:  # ValueError: an impossible header
        reason = type(error).__name__
    else:
        try:
            return _read(response)
        finally:
            response.release_conn()
    # Raised out here, so that the foreign error, which quotes what it could not send or read, is not chained to ours.
    raise NoAnswerError(reason) if watched is not None and watched.begun else NotSentError(reason)


def _read(response: urllib3.BaseHTTPResponse) -> HttpAnswer:
    body = bytearray()
    try:
        while chunk := response.read1(_CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                response.close()
                return HttpAnswer(response.status, response.headers, bytes(body[:MAX_ANSWER_BYTES]), complete=False)
    except (HTTPError, OSError, ValueError, http.client.HTTPException) as error:
        reason = type(error).__name__
    else:
        return HttpAnswer(response.status, response.headers, bytes(body), complete=True)
    part = HttpAnswer(response.status, response.headers, bytes(body), complete=False)
    if response.status < HTTPStatus.MULTIPLE_CHOICES:
        raise NoAnswerError(reason, part)
    return part
