"""Posts a webhook: the one connection whose destination a caller chooses.

The name is resolved once per attempt, all of its addresses are vetted, and the socket is opened to one of exactly those
addresses. The name itself is used for the ``Host`` header, SNI and the certificate. There are no proxies, redirects,
retries, cookies or decompression, and one deadline covers every operation (``exchange_http``).
"""

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cached_property
from typing import override

from actionrelay.errors import DeliveryFailedError
from actionrelay.tls_http import trusting_as_browsers_do
from actionrelay.webhooks.exchange_http import Deadline, Exchange
from actionrelay.webhooks.ports import WebhookSender
from actionrelay.webhooks.targets import DeliveryAnswer, OutboundPolicy, Resolver, Target, parse_target, vet

MAX_ADDRESSES_TRIED = 4

type Connect = Callable[[str, int, float], socket.socket]
"""Opens a TCP connection to an address and port, within a number of seconds; raises OSError if it can't."""


def connect_tcp(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """Open a TCP connection to an IP address; a name is not resolved again."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect((address, port))
    except BaseException:
        connection.close()
        raise
    return connection


class PinnedSender(WebhookSender):
    """Posts a webhook to a vetted address. One deadline covers connecting, TLS, request and response."""

    def __init__(
        self,
        resolver: Resolver,
        policy: OutboundPolicy,
        timeout_seconds: float = 15,
        *,
        tls: ssl.SSLContext | None = None,
        connect: Connect = connect_tcp,
    ) -> None:
        """``tls`` replaces the system's trust store, ``connect`` the network."""
        self._resolver = resolver
        self._policy = policy
        self._timeout_seconds = timeout_seconds
        self._given_tls = tls
        self._connect = connect

    @override
    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> DeliveryAnswer:
        """Post ``body`` once and return the receiver's status, whatever it is.

        Once the status has arrived, a body that breaks off or drips until the deadline changes nothing. At most 64 KB
        of a response are read. DNS counts against the deadline.

        Raises:
            DeliveryRefusedError: the rules forbid the URL or an address behind it; no connection was made.
            DeliveryFailedError: no status arrived, with ``reason`` ``unresolved``, ``connect``, ``tls``, ``timeout``,
                ``connection_lost`` or ``not_http``.
        """
        deadline = Deadline(self._timeout_seconds)
        target = parse_target(url, self._policy)
        addresses = vet(target, self._resolver.resolve(target.host, target.port), self._policy)
        if not addresses:
            raise DeliveryFailedError("the receiver's name does not resolve", reason="unresolved")
        try:
            with closing(self._open(target, addresses, deadline)) as connection:
                exchange = Exchange(connection, deadline)
                head = exchange.post(target, headers, body)
                answer = DeliveryAnswer(head.status, head.retry_after, deadline.elapsed() * 1000)
                exchange.hear_out()
                return answer
        except TimeoutError:
            raise DeliveryFailedError("the receiver did not answer in time", reason="timeout") from None
        except OSError as error:
            raise DeliveryFailedError(
                f"the connection was lost before an answer ({type(error).__name__})", reason="connection_lost"
            ) from None

    def _open(self, target: Target, addresses: tuple[str, ...], deadline: Deadline) -> socket.socket:
        connection = self._open_first(target, addresses[:MAX_ADDRESSES_TRIED], deadline)
        if target.scheme == "http":
            return connection
        try:
            connection.settimeout(deadline.remaining())
            return self._tls.wrap_socket(connection, server_hostname=target.host)
        except ssl.SSLError as error:
            connection.close()
            complaint = getattr(error, "verify_message", None) or error.reason or type(error).__name__
            raise DeliveryFailedError(f"the TLS handshake failed: {complaint}", reason="tls") from None
        except BaseException:
            connection.close()
            raise

    def _open_first(self, target: Target, addresses: tuple[str, ...], deadline: Deadline) -> socket.socket:
        """Connect to the first address that accepts; the others get no data."""
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
        """Loaded at the first delivery and kept, since the trust store takes milliseconds to load."""
        if self._given_tls is not None:
            return self._given_tls
        context = trusting_as_browsers_do()
        context.set_alpn_protocols(["http/1.1"])
        return context
