"""Server-side request forgery, observed at the socket: no connection to a forbidden target is even tried.

Everything between a caller's URL and the operating system is real; a test sets DNS, and every connect of this process
is recorded at the socket.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from actionrelay.errors import InvalidRequestError
from actionrelay.ledger.execution import WebhookStatus
from actionrelay.submit.rules import RequestRules
from actionrelay.webhooks.resolver_dns import SystemResolver
from actionrelay.webhooks.sender_http import PinnedSender
from actionrelay.webhooks.targets import OutboundPolicy
from tests.fakes.loopback import LoopbackServer, answering
from tests.fakes.relay import EXECUTION_ID, Relay, a_request, encoded
from tests.forbidden_targets import FORBIDDEN_ADDRESSES, FORBIDDEN_URLS, url_of

NAME = "hooks.example.com"
URL = f"https://{NAME}/hook"
PUBLIC, OTHER_PUBLIC = "93.184.216.34", "2606:4700:4700::1111"
TARGETS = (*(url for url, _ in FORBIDDEN_URLS if "\ud800" not in url), *map(url_of, FORBIDDEN_ADDRESSES))
"""Half of a surrogate pair does not even get past JSON."""
LOCATIONS = tuple(url for url in TARGETS if url and url.isascii() and url.isprintable())
"""Those that fit in a header."""

BEHIND_A_NAME: dict[str, Callable[[str], tuple[str, ...]]] = {
    "alone": lambda bad: (bad,),
    "first": lambda bad: (bad, PUBLIC),
    "last of five": lambda bad: (PUBLIC, OTHER_PUBLIC, "8.8.8.8", "9.9.9.9", bad),
}


@dataclass(slots=True)
class Wire:
    """What DNS answers, what it was asked, and who was connected to."""

    answers: list[tuple[str, ...]] = field(default_factory=lambda: [(PUBLIC,)])
    """In order; the last one goes on."""
    asked: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host.replace(".", "").isdigit() or ":" in host:
            return [(0, 0, 0, "", (host, port))]
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(0, 0, 0, "", (address, port)) for address in answer]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Replace the network: only hosts on this machine accept."""
    wire, connect = Wire(), socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        wire.connected.append(str(address[0]))
        if address[0] != "127.0.0.1":
            raise ConnectionRefusedError
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", wire.getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket.socket, "connect_ex", watched)
    return wire


def deliver(relay: Relay, policy: OutboundPolicy = OutboundPolicy()) -> WebhookStatus:  # noqa: B008 - frozen
    """Let `deliver` make a try with the sender and the resolver that it has in production."""
    posting = replace(relay.posting, sender=PinnedSender(SystemResolver(), policy))
    replace(relay.delivering, posting=posting).deliver(EXECUTION_ID)
    return relay.record.delivery.status


@pytest.mark.parametrize("url", [url for url in TARGETS if url])
def test_a_forbidden_url_is_given_up_without_a_connection(relay: Relay, wire: Wire, url: str) -> None:
    relay.given_completed(webhook_url=url)

    assert deliver(relay) is WebhookStatus.FAILED
    assert (wire.connected, wire.asked) == ([], [])
    assert relay.dead_letters.sent == [(EXECUTION_ID, 0)]
    assert relay.audit.entries(EXECUTION_ID)[-1].code == "webhook_url"


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
@pytest.mark.parametrize("where", BEHIND_A_NAME)
def test_a_forbidden_address_behind_a_name_is_not_reached(relay: Relay, wire: Wire, where: str, address: str) -> None:
    wire.answers = [BEHIND_A_NAME[where](address)]
    relay.given_completed(webhook_url=URL)

    assert deliver(relay) is WebhookStatus.FAILED
    assert (wire.connected, wire.asked) == ([], [NAME])


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_a_changing_name_reaches_only_vetted_addresses(relay: Relay, wire: Wire, address: str) -> None:
    """The first lookup says one thing, every later one another: between check and connect, and between two tries."""
    wire.answers = [(PUBLIC,), (address,)]
    relay.given_completed(webhook_url=URL)

    assert deliver(relay) is WebhookStatus.PENDING
    assert (wire.connected, wire.asked) == ([PUBLIC], [NAME])
    relay.clock.advance(relay.deliveries.sent[-1][1])
    assert deliver(relay) is WebhookStatus.FAILED
    assert (wire.connected, wire.asked) == ([PUBLIC], [NAME, NAME])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_forbidden_target_is_not_followed(relay: Relay, wire: Wire, status: int) -> None:
    local_world = OutboundPolicy(allow_private=True)  # which would let every one of them through
    with LoopbackServer(*(answering(status, Location=url) for url in LOCATIONS)) as server:
        for _ in LOCATIONS:
            relay.given_completed(webhook_url=f"{server.url}/hook")
            assert deliver(relay, local_world) is WebhookStatus.PENDING

    assert len(server.requests) == len(LOCATIONS)
    assert wire.connected == ["127.0.0.1"] * len(LOCATIONS)


@pytest.mark.parametrize("url", TARGETS)
def test_a_forbidden_url_is_refused_at_submission(relay: Relay, wire: Wire, url: str) -> None:
    assert refused(relay, url)
    assert wire.connected == []


@pytest.mark.parametrize("where", BEHIND_A_NAME)
def test_a_name_with_forbidden_addresses_is_refused(relay: Relay, wire: Wire, where: str) -> None:
    for address in FORBIDDEN_ADDRESSES:
        wire.answers = [BEHIND_A_NAME[where](address)]
        assert refused(relay, URL)
    assert wire.connected == []


def refused(relay: Relay, url: str) -> bool:
    """Submit a request with this webhook URL by the rules of production, and see that nothing is recorded."""
    strict = RequestRules(relay.api, relay.max_payload_bytes, 5, OutboundPolicy(), SystemResolver())
    body = encoded(a_request(webhookUrl=url))
    with pytest.raises(InvalidRequestError) as caught:
        replace(relay.submitting, rules=strict).submit(body)
    assert relay.store.records == {}
    return {fault.pointer for fault in caught.value.faults} == {"/webhookUrl"}


def test_the_socket_watch_sees_a_public_targets_connection(relay: Relay, wire: Wire) -> None:
    wire.answers = [(PUBLIC, OTHER_PUBLIC)]
    relay.given_completed(webhook_url=URL)

    assert deliver(relay) is WebhookStatus.PENDING
    assert wire.connected == [PUBLIC, OTHER_PUBLIC]


def test_there_are_at_least_80_targets() -> None:
    assert len(set(TARGETS)) >= 80
    assert len(set(LOCATIONS)) >= 80
