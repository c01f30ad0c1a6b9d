"""Genesys Cloud as the use cases see it: a scripted client, tokens, a gate."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Self

from actionrelay.execute.ports import ActionCall
from actionrelay.gate.ports import Ask
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.preflight.checks import Sight
from actionrelay.strict_json import Json
from actionrelay.token.lease import TokenLease
from actionrelay.token.ports import AccessToken
from tests.fakes.chance import NOON
from tests.fakes.trouble import Trouble

SCOPES = ("data:action:execute", "data:action:view")
ISSUER = "login-host-and-client"


def a_token(version: str = "v1", expires_at: int = 2**62, issuer: str = ISSUER) -> AccessToken:
    return AccessToken(f"secret-of-{version}", expires_at, SCOPES, issuer, version)


@dataclass(slots=True)
class ScriptedClient:
    """An ``ActionClient`` that returns its replies in order, and keeps the calls."""

    replies: deque[Reply] = field(default_factory=deque)
    calls: list[tuple[ActionCall, AccessToken, int]] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    """Called between the request and the answer."""

    def answer(self, *replies: Reply) -> None:
        self.replies.extend(replies)

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
        self.calls.append((call, token, wait_ms))
        if self.meanwhile is not None:
            self.meanwhile()
        return self.replies.popleft() if self.replies else Reply(ReplyKind.SUCCEEDED, latency_ms=5, result=b"{}")


@dataclass(slots=True)
class FixedTokens:
    """A ``TokenSource`` that always has the same token."""

    held: AccessToken = field(default_factory=a_token)
    refused: list[str] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)

    def token(self) -> AccessToken:
        self.trouble.strike_before("token")
        return self.held

    def refuse(self, version: str) -> None:
        self.refused.append(version)


@dataclass(slots=True)
class InMemoryTokenStore:
    """A ``TokenStore`` in memory."""

    token: AccessToken | None = None
    reads: int = 0
    holds: int = 8_000
    """The most characters that a stored token may have."""
    on_read: Callable[[], None] = lambda: None
    """Called during a read."""
    trouble: Trouble = field(default_factory=Trouble)

    def read(self) -> AccessToken | None:
        self.reads += 1
        self.on_read()
        self.trouble.strike_before("read")
        return self.token

    def write(self, token: AccessToken) -> bool:
        self.trouble.strike_before("write")
        if len(token.value) > self.holds:
            return False
        self.token = token
        self.trouble.strike_after("write")
        return True


@dataclass(slots=True)
class InMemoryTokenLeases:
    """``TokenLeases`` in memory."""

    leases: dict[str, TokenLease] = field(default_factory=dict)
    reads: int = 0
    swaps: list[TokenLease] = field(default_factory=list)
    """Every lease that was written, in order."""
    trouble: Trouble = field(default_factory=Trouble)
    meanwhile: Callable[[], None] | None = None
    """Called once, between a read and the next swap: what other workers do."""

    def read(self, issuer: str) -> TokenLease:
        self.reads += 1
        self.trouble.strike_before("read")
        return self.leases.get(issuer, TokenLease())

    def swap(self, issuer: str, before: TokenLease, after: TokenLease) -> TokenLease:
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        self.trouble.strike_before("swap")
        if self.leases.get(issuer, TokenLease()).revision == before.revision:
            self.leases[issuer] = after
            self.swaps.append(after)
        self.trouble.strike_after("swap")
        return self.leases[issuer]


@dataclass(slots=True)
class ScriptedIssuer:
    """A ``TokenIssuer`` that numbers its tokens."""

    issuer: str = ISSUER
    required_scopes: tuple[str, ...] = SCOPES
    lifetime_ms: int = 3_600_000
    requests: int = 0
    given_ms: list[int] = field(default_factory=list)
    """The time limit of each request."""
    meanwhile: Callable[[], None] | None = None
    """Called once, during a request."""
    trouble: Trouble = field(default_factory=Trouble)

    def request(self, now: int, within_ms: int) -> AccessToken:
        self.requests += 1
        self.given_ms.append(within_ms)
        self.trouble.strike_before("request")
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        self.trouble.strike_after("request")
        version = f"issued-{self.requests}"
        return AccessToken(f"secret-of-{version}", now + self.lifetime_ms, self.required_scopes, self.issuer, version)


@dataclass(slots=True)
class ScriptedGate:
    """A ``RateGate``, and the ``BatchGate`` of every batch, that is open unless ``waits`` says otherwise."""

    waits: deque[int] = field(default_factory=deque)
    taken: int = 0
    paused_until: list[int] = field(default_factory=list)
    holds: list[int] = field(default_factory=list)
    held_for: deque[int] = field(default_factory=deque)
    """The answers of the next calls of ``held``."""
    batches: list[list[Ask]] = field(default_factory=list)
    """The asks of each batch."""
    ended: int = 0
    """The number of messages that are finished."""
    had_waited: list[bool] = field(default_factory=list)
    """Whether each ask had waited before."""
    trouble: Trouble = field(default_factory=Trouble)

    def for_batch(self, asks: Sequence[Ask]) -> Self:
        self.batches.append(list(asks))
        return self

    def finished(self) -> None:
        self.ended += 1

    def take(self, now: int, ask: Ask, ends_at: int = 0) -> int:
        self.trouble.strike_before("take")
        self.had_waited.append(ask.waited)
        if self.waits:
            return self.waits.popleft()
        self.taken += 1
        return 0

    def pause(self, until: int) -> None:
        self.trouble.strike_before("pause")
        self.paused_until.append(until)

    def hold(self, until: int) -> None:
        self.holds.append(until)

    def held(self, now: int) -> int:
        return self.held_for.popleft() if self.held_for else 0


ROLE: Json = {"policies": [{"domain": "integrations", "entityName": "action", "actions": ["execute", "view"]}]}
HEALTHY = Sight(200, document={"grants": [{"role": ROLE}]}, date=formatdate(NOON / 1_000, usegmt=True))
LIMITED = Sight(200, document={"entities": [{"key": "requests.volume.max", "value": 2_500}]})


@dataclass(slots=True)
class ScriptedPlatform:
    """A ``PlatformProbe`` that answers as a healthy organisation does, unless a test says otherwise."""

    about: deque[Sight] = field(default_factory=deque)
    """The next answers about the client; after them it is ``healthy``."""
    healthy: Sight = HEALTHY
    limited: Sight = LIMITED
    looks: list[AccessToken | None] = field(default_factory=list)
    """The tokens of the requests, in order."""
    hangs: threading.Event | None = None
    """Requests are answered when this is set."""

    def about_client(self, token: AccessToken | None, wait_ms: int) -> Sight:
        self.looks.append(token)
        if self.hangs is not None:
            self.hangs.wait(10)
        return self.about.popleft() if self.about else self.healthy

    def limits(self, token: AccessToken, wait_ms: int) -> Sight:
        self.looks.append(token)
        return self.limited
