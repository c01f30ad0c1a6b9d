"""DNS, and names that resolve slowly."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from actionrelay.webhooks.resolver_dns import LOOKUP_SECONDS, MAX_LOOKUPS, SystemResolver

NAME = "hooks.example.com"
PUBLIC = "93.184.216.34"


class SlowDns:
    """Never answers before it is let go; counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.released = threading.Event()

    def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append(host)
        self.released.wait(10)
        return (PUBLIC,)


@pytest.fixture
def slow() -> Iterator[SlowDns]:
    dns = SlowDns()
    yield dns
    dns.released.set()


def impatient(slow: SlowDns) -> SystemResolver:
    return SystemResolver(slow, within_seconds=0.001)


def test_a_name_that_resolves_slowly_does_not_resolve_now(slow: SlowDns) -> None:
    assert impatient(slow).resolve(NAME, 443) == ()
    assert slow.asked == [NAME]


def test_a_lookup_has_two_seconds() -> None:
    assert LOOKUP_SECONDS <= 2


def test_a_name_under_way_is_not_asked_for_again(slow: SlowDns) -> None:
    resolver = impatient(slow)
    assert [resolver.resolve(NAME, 443) for _ in range(100)] == [()] * 100
    assert slow.asked == [NAME]


def test_so_many_lookups_are_under_way_and_no_more(slow: SlowDns) -> None:
    resolver, before = impatient(slow), threading.active_count()
    names = [f"{number}.example.com" for number in range(3 * MAX_LOOKUPS)]
    assert {resolver.resolve(name, 443) for name in names} == {()}
    assert slow.asked == names[:MAX_LOOKUPS]
    assert threading.active_count() - before <= MAX_LOOKUPS


def test_a_lookup_that_ended_makes_room(slow: SlowDns) -> None:
    resolver = SystemResolver(slow, within_seconds=5)
    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(resolver.resolve, NAME, 443) for _ in range(2)]
        slow.released.set()
        assert [answer.result() for answer in answers] == [(PUBLIC,)] * 2
    names = [f"{number}.example.com" for number in range(2 * MAX_LOOKUPS)]
    assert {resolver.resolve(name, 443) for name in names} == {(PUBLIC,)}


@pytest.mark.parametrize("literal", ["127.0.0.1", "::1", "8.8.8.8", "2606:4700:4700::1111"])
def test_an_address_is_its_own_answer_and_asks_nobody(literal: str, slow: SlowDns) -> None:
    assert SystemResolver(slow).resolve(literal, 443) == (literal,)
    assert slow.asked == []


def test_each_address_comes_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_arguments: object, **_options: object) -> list[tuple[object, ...]]:
        v6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700::1", 443, 0, 0))
        v4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, 443))
        return [v6, v4, v6, v4]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert SystemResolver().resolve(NAME, 443) == ("2606:4700::1", PUBLIC)


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "unknown"),
        socket.gaierror(socket.EAI_AGAIN, "later"),
        OSError("too many open files"),
        UnicodeError("label too long"),
        ValueError("embedded null character"),
    ],
)
def test_a_name_that_does_not_resolve_has_none(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_arguments: object, **_options: object) -> object:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert SystemResolver().resolve(NAME, 443) == ()
