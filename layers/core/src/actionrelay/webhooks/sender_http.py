"""The one connection whose destination a caller chooses.

The name is resolved once per attempt, all of its addresses are vetted, and the socket is opened to one of
exactly those addresses; the name is used for the ``Host`` header, for SNI and for the certificate. The
standard library's ``http.client`` speaks over that socket. It knows no proxies, redirects, retries, cookies
or decompression, so nothing has to be switched off, and the socket under it is ours, so one deadline holds
for every single operation.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Buffer, Callable, Mapping
from contextlib import closing, suppress
from functools import cached_property
from typing import cast, override

from actionrelay import __version__
from actionrelay.errors import DeliveryFailedError
from actionrelay.webhooks.targets import DeliveryAnswer, OutboundPolicy, Resolver, Target, parse_target, vet

MAX_ANSWER_BYTES = 64 * 1024
MAX_ADDRESSES_TRIED = 4
# An HTTP date has 29 characters; what is much longer is no Retry-After.
_MAX_RETRY_AFTER = 64

type Connect = Callable[[str, int, float], socket.socket]
"""Opens a TCP connection to an address and port within so many seconds; OSError when it can't."""


def connect_tcp(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """Open a TCP connection to an IP address. There is no name here, so nothing can be resolved again."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect((address, port))
    except BaseException:
        connection.close()
        raise
    return connection


class PinnedSender:
    """Posts a webhook to a vetted address. One deadline holds for connection, TLS, request and answer."""

    def __init__(
        self,
        resolver: Resolver,
        policy: OutboundPolicy,
        timeout_seconds: float = 15,
        *,
        tls: ssl.SSLContext | None = None,
        connect: Connect = connect_tcp,
    ) -> None:
        """Take what decides where to go; ``tls`` replaces the system's trust, ``connect`` the network."""
        self._resolver = resolver
        self._policy = policy
        self._timeout_seconds = timeout_seconds
        self._given_tls = tls
        self._connect = connect

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> DeliveryAnswer:
        """Post ``body`` once and return the status that the receiver answered, whatever it is.

        The status is the answer: when it has arrived, a body that breaks off or drips until the deadline
        changes nothing. At most 64 KB of an answer are read, then the connection is closed.

        DeliveryRefusedError when the rules forbid the URL or an address behind it: nothing was connected to.
        DeliveryFailedError when no status arrived, with ``reason``: ``unresolved``, ``connect``, ``tls``,
        ``timeout``, ``connection_lost`` or ``not_http``. DNS counts against the deadline, but a lookup can't
        be interrupted: how long one may take is the system resolver's setting.
        """
        deadline = _Deadline(self._timeout_seconds)
        target = parse_target(url, self._policy)
        addresses = vet(target, self._resolver.resolve(target.host, target.port), self._policy)
        if not addresses:
            raise DeliveryFailedError("the receiver's name does not resolve", reason="unresolved")
        try:
            with closing(self._open(target, addresses, deadline)) as connection:
                return _exchange(_Wire(connection, deadline), target, headers, body, deadline)
        except TimeoutError:
            raise DeliveryFailedError("the receiver did not answer in time", reason="timeout") from None
        except OSError as error:
            raise DeliveryFailedError(
                f"the connection was lost before an answer ({type(error).__name__})", reason="connection_lost"
            ) from None
        except http.client.HTTPException:
            raise DeliveryFailedError("the receiver's answer is not HTTP", reason="not_http") from None

    def _open(self, target: Target, addresses: tuple[str, ...], deadline: "_Deadline") -> socket.socket:
        connection = self._open_first(target, addresses[:MAX_ADDRESSES_TRIED], deadline)
        if target.scheme == "http":
            return connection
        try:
            connection.settimeout(deadline.remaining())
            return self._tls.wrap_socket(connection, server_hostname=target.host)
        except ssl.SSLError as error:
            connection.close()
            complaint = getattr(error, "verify_message", None) or error.reason or type(error).__name__
            raise DeliveryFailedError(f"TLS could not be agreed on: {complaint}", reason="tls") from None
        except BaseException:
            connection.close()
            raise

    def _open_first(self, target: Target, addresses: tuple[str, ...], deadline: "_Deadline") -> socket.socket:
        """Connect to the first address that answers; to those before it nothing was sent."""
        failures: list[OSError] = []
        for tried, address in enumerate(addresses):
            share = deadline.remaining() / (len(addresses) - tried)
            try:
                return self._connect(address, target.port, share)
            except OSError as error:
                failures.append(error)
        if all(isinstance(error, TimeoutError) for error in failures):
            raise failures[-1]
        kinds = ", ".join(sorted({type(error).__name__ for error in failures}))
        message = f"no connection to the receiver ({kinds})"
        raise DeliveryFailedError(message, reason="connect") from None

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The trust store takes milliseconds to load: once for all deliveries, and not before the first."""
        if self._given_tls is not None:
            return self._given_tls
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


def _exchange(
    wire: "_Wire", target: Target, headers: Mapping[str, str], body: bytes, deadline: "_Deadline"
) -> DeliveryAnswer:
    connection = http.client.HTTPConnection(target.host, target.port)
    # http.client needs no more of a socket than the wire has, and never connects by itself.
    connection.auto_open = 0
    connection.sock = cast(socket.socket, wire)
    # A receiver may answer and close before it has read all: then the answer is there to be read.
    with suppress(BrokenPipeError):
        connection.request(
            "POST",
            target.path,
            body=body,
            headers={"User-Agent": f"actionrelay/{__version__}", **headers}
            | {"Host": target.authority, "Connection": "close"},
        )
    response = connection.getresponse()
    retry_after = response.getheader("Retry-After")
    answer = DeliveryAnswer(
        status=response.status,
        retry_after=retry_after if retry_after and len(retry_after) <= _MAX_RETRY_AFTER else None,
        latency_ms=deadline.elapsed() * 1000,
    )
    # Hearing a receiver out saves it a broken pipe in its log. (ValueError: a chunk of negative size.)
    with closing(response), suppress(OSError, ValueError, http.client.HTTPException):
        response.read(MAX_ANSWER_BYTES)
    return answer


class _Deadline:
    """A moment that is fixed when the attempt begins."""

    def __init__(self, seconds: float) -> None:
        self._started = time.monotonic()
        self._seconds = seconds

    def elapsed(self) -> float:
        return time.monotonic() - self._started

    def remaining(self) -> float:
        """Seconds left, never 0 or less: TimeoutError then (a socket takes 0 for "do not block")."""
        left = self._seconds - self.elapsed()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


class _Wire:
    """What ``http.client`` needs of a socket, under one deadline.

    A socket's own timeout starts afresh with every call, so a receiver that sends a byte now and then would
    hold a worker for ever.
    """

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        unsent = memoryview(data)
        while unsent:
            self._connection.settimeout(self._deadline.remaining())
            unsent = unsent[self._connection.send(unsent) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Answer(self._connection, self._deadline))

    def close(self) -> None:
        """Leave the socket to the one who opened it: ``http.client`` closes before it has read the body."""


class _Answer(io.RawIOBase):
    """The receiving half of a connection, for so many bytes and so long."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._budget = MAX_ANSWER_BYTES

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        """Read into ``buffer``; the end of the budget looks like the end of the answer."""
        self._connection.settimeout(self._deadline.remaining())
        view = memoryview(buffer)[: self._budget]
        received = self._connection.recv_into(view) if view else 0
        self._budget -= received
        return received
