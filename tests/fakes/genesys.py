"""Genesys Cloud as the use cases see it: a client with a script, tokens, a gate."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from actionrelay.models import ActionCall
from actionrelay.ports import AccessToken
from actionrelay.retry import Reply, ReplyKind
from tests.fakes.trouble import Trouble

SCOPES = ("data:action:execute", "data:action:view")
ISSUER = "login-host-and-client"


def a_token(version: str = "v1", expires_at: int = 2**62, issuer: str = ISSUER) -> AccessToken:
    return AccessToken(f"secret-of-{version}", expires_at, SCOPES, issuer, version)


@dataclass(slots=True)
class ScriptedClient:
    """An ``ActionClient`` that gives its replies in order, and keeps the calls it got."""

    replies: deque[Reply] = field(default_factory=deque)
    calls: list[tuple[ActionCall, AccessToken, int]] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    """What happens in the world between the request and the answer."""

    def answer(self, *replies: Reply) -> None:
        self.replies.extend(replies)

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
        self.calls.append((call, token, wait_ms))
        if self.meanwhile is not None:
            self.meanwhile()
        return self.replies.popleft() if self.replies else Reply(ReplyKind.SUCCEEDED, latency_ms=5, result={})


@dataclass(slots=True)
class FixedTokens:
    """A ``TokenSource`` with one token for all times."""

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
    """A ``TokenStore``."""

    token: AccessToken | None = None
    reads: int = 0
    trouble: Trouble = field(default_factory=Trouble)

    def read(self) -> AccessToken | None:
        self.reads += 1
        self.trouble.strike_before("read")
        return self.token

    def write(self, token: AccessToken) -> None:
        self.trouble.strike_before("write")
        self.token = token


@dataclass(slots=True)
class ScriptedIssuer:
    """A ``TokenIssuer`` that numbers its tokens."""

    issuer: str = ISSUER
    required_scopes: tuple[str, ...] = SCOPES
    lifetime_ms: int = 3_600_000
    requests: int = 0
    trouble: Trouble = field(default_factory=Trouble)

    def request(self, now: int) -> AccessToken:
        self.requests += 1
        self.trouble.strike_before("request")
        version = f"issued-{self.requests}"
        return AccessToken(f"secret-of-{version}", now + self.lifetime_ms, self.required_scopes, self.issuer, version)


@dataclass(slots=True)
class ScriptedGate:
    """A ``RateGate`` that is open unless ``waits`` says otherwise."""

    waits: deque[int] = field(default_factory=deque)
    taken: int = 0
    paused_until: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    """The sizes of the batches that came."""
    had_waited: list[bool] = field(default_factory=list)
    """What each that came said of itself."""
    trouble: Trouble = field(default_factory=Trouble)

    def for_batch(self, size: int) -> Self:
        self.batches.append(size)
        return self

    def take(self, now: int, *, waited: bool = False) -> int:
        self.trouble.strike_before("take")
        self.had_waited.append(waited)
        if self.waits:
            return self.waits.popleft()
        self.taken += 1
        return 0

    def pause(self, until: int) -> None:
        self.trouble.strike_before("pause")
        self.paused_until.append(until)
