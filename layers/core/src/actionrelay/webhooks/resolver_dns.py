"""DNS by the operating system's resolver, with a time limit that the operating system lacks."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from ipaddress import ip_address
from typing import override

from actionrelay.webhooks.targets import Resolver

LOOKUP_SECONDS = 2.0
"""How long to wait for a lookup. A name that takes longer counts as not resolving now."""
MAX_LOOKUPS = 32
"""How many lookups may be in flight in this process. A lookup can't be interrupted, so one that was given up still
counts until the system's resolver gives up, too."""

type Lookup = Callable[[str, int], tuple[str, ...]]
"""Looks up the addresses of a name, however long it takes."""


def ask_system(host: str, port: int) -> tuple[str, ...]:
    """Return every address of ``host``, in the system's order of preference and without repeats.

    A name that does not resolve has none, whether it does not exist or DNS fails: for a delivery both mean "not now".
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, ValueError):
        # ValueError: not a name (an empty or overlong label, a null character).
        return ()
    return tuple(dict.fromkeys(str(sockaddr[0]) for _, _, _, _, sockaddr in found))


class SystemResolver(Resolver):
    """Asks the system's resolver, once for each attempt.

    Each lookup has its own thread. A second attempt for the same name waits for the lookup in flight. Beyond
    ``MAX_LOOKUPS`` a name does not resolve now. So a name server that never answers costs a delivery at most
    ``within_seconds``, and the process at most ``MAX_LOOKUPS`` threads.
    """

    def __init__(self, lookup: Lookup = ask_system, within_seconds: float = LOOKUP_SECONDS) -> None:
        """Use ``lookup``, and wait at most ``within_seconds`` for it."""
        self._lookup = lookup
        self._within_seconds = within_seconds
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, int], Future[tuple[str, ...]]] = {}

    @override
    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses of ``host``; none after ``within_seconds``. An IP address resolves to itself."""
        if _is_address(host):
            return (host,)
        answer = self._asked(host, port)
        try:
            return answer.result(self._within_seconds) if answer is not None else ()
        except TimeoutError:
            return ()

    def _asked(self, host: str, port: int) -> Future[tuple[str, ...]] | None:
        with self._lock:
            if (host, port) in self._under_way:
                return self._under_way[host, port]
            if len(self._under_way) >= MAX_LOOKUPS:
                return None
            answer = self._under_way[host, port] = Future()
        # A daemon thread, so that a name server can't keep the process from ending.
        threading.Thread(target=self._ask, args=(host, port, answer), name="dns", daemon=True).start()
        return answer

    def _ask(self, host: str, port: int, answer: Future[tuple[str, ...]]) -> None:
        addresses: tuple[str, ...] = ()
        try:
            addresses = self._lookup(host, port)
        finally:
            with self._lock:
                del self._under_way[host, port]
            answer.set_result(addresses)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
