"""One HTTP/1 post and its response (RFC 9112), over an open connection.

h11 parses the response. It accepts any legal one: interim responses first, HTTP/1.0, any number of header fields,
folded fields, bare line feeds, a body with a length, in chunks with trailers, or up to the end of the connection.
"""

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import h11

from actionrelay import __version__
from actionrelay.errors import DeliveryFailedError
from actionrelay.webhooks.targets import Target

MAX_ANSWER_BYTES = 64 * 1024
_PART_BYTES = 16 * 1024


class Deadline:
    """The end of an attempt, fixed when it begins."""

    def __init__(self, seconds: float) -> None:
        """Begin an attempt that may take ``seconds``."""
        self._started = time.monotonic()
        self._seconds = seconds

    def elapsed(self) -> float:
        """Seconds since the attempt began."""
        return time.monotonic() - self._started

    def remaining(self) -> float:
        """Seconds left, more than 0 (a socket takes that for "do not block"); TimeoutError once it has passed."""
        left = self._seconds - self.elapsed()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


@dataclass(frozen=True, slots=True)
class Head:
    """The parts of a response that a delivery uses."""

    status: int
    retry_after: str | None = None


class Exchange:
    """One post over one connection, up to one deadline. The connection is the caller's to close."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        """Take an open connection, with TLS already established where the URL wants it."""
        self._wire = _Wire(connection, deadline)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_ANSWER_BYTES)

    def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Head:
        """Send the request and read up to the end of the final answer's head.

        Interim responses (1xx) are skipped. 101 is an error, since no upgrade was requested. A complete status line
        counts even if the connection ends after it, or the rest of the head is not HTTP or, with everything before it,
        longer than ``MAX_ANSWER_BYTES``: a webhook that was received isn't posted again for an unused header field.

        Raises:
            TimeoutError: the deadline has passed.
            OSError: the connection broke.
            DeliveryFailedError: no HTTP response, with ``reason`` ``connection_lost`` or ``not_http``.
        """
        whole = {"User-Agent": f"actionrelay/{__version__}", "Accept-Encoding": "identity", **headers} | {
            "Host": target.authority,
            "Connection": "close",
            "Content-Length": str(len(body)),
        }
        request = self._http.send(h11.Request(method="POST", target=target.path, headers=list(whole.items())))
        self._http.send(h11.Data(data=body))
        self._http.send(h11.EndOfMessage())
        # A receiver may respond and close before it has read everything. The response can still be read.
        with suppress(BrokenPipeError):
            self._wire.send(request or b"")
            self._wire.send(body)
        return self._read_head()

    def hear_out(self) -> None:
        """Read the rest within the same bounds, so that the receiver gets no broken pipe. Never raises."""
        with suppress(OSError, h11.RemoteProtocolError):
            while not isinstance(event := self._http.next_event(), h11.EndOfMessage | h11.ConnectionClosed):
                if event is h11.NEED_DATA:
                    self._http.receive_data(self._wire.receive())

    def _read_head(self) -> Head:
        head = bytearray()  # the part of the response's head that has arrived
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                return _by_its_status_line(head)
            if isinstance(event, h11.Response):
                return Head(event.status_code, _retry_after(event))
            if isinstance(event, h11.InformationalResponse):
                head[:] = self._http.trailing_data[0]
                continue
            received = self._receive_after(head)
            if not received:
                return _by_its_status_line(head)
            # Empty lines are skipped, as by a server before a request (RFC 9112, section 2.2).
            begun = received if head else received.lstrip(b"\r\n")
            if begun:
                head += begun
                self._http.receive_data(begun)

    def _receive_after(self, head: bytearray) -> bytes:
        """Receive more; a connection that breaks after the status line counts as ended there."""
        try:
            return self._wire.receive()
        except TimeoutError:
            raise
        except OSError:
            if b"\n" not in head:
                raise
            return b""


def _by_its_status_line(head: bytearray) -> Head:
    """Parse the status line only, with the same parser."""
    if not head:
        raise DeliveryFailedError("the connection ended before an answer", reason="connection_lost")
    line, ended, _ = head.partition(b"\n")
    alone = h11.Connection(h11.CLIENT)
    alone.receive_data(bytes(line.removesuffix(b"\r")) + b"\r\n\r\n")
    try:
        event = alone.next_event() if ended else None
    except h11.RemoteProtocolError:
        event = None
    if not isinstance(event, h11.Response):
        raise DeliveryFailedError("the receiver's answer is not HTTP", reason="not_http")
    return Head(event.status_code)


def _retry_after(response: h11.Response) -> str | None:
    """The field's value; several values are joined by commas."""
    values = [value.decode("latin-1") for name, value in response.headers if name == b"retry-after"]
    return ", ".join(values) if values else None


class _Wire:
    """A connection with one deadline and a bound on what it reads.

    A socket's own timeout restarts with every call, so a receiver that sends a byte now and then would hold a worker
    forever.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._budget = MAX_ANSWER_BYTES
        self._part = bytearray(_PART_BYTES)

    def send(self, data: bytes) -> None:
        unsent = memoryview(data)
        while unsent:
            self._connection.settimeout(self._deadline.remaining())
            unsent = unsent[self._connection.send(unsent) :]

    def receive(self) -> bytes:
        """The next bytes; empty at the end of the response or of the budget."""
        self._connection.settimeout(self._deadline.remaining())
        part = memoryview(self._part)[: self._budget]
        received = self._connection.recv_into(part) if part else 0
        self._budget -= received
        return bytes(part[:received])
