"""One token for all workers: from memory, then the shared store, then the login host."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from actionrelay.errors import CredentialsRefusedError, StoreUnavailableError, TokenError, TokenUnavailableError
from actionrelay.token.lease import REST_MS
from actionrelay.token.next_move import REFRESH_BEFORE_MS
from actionrelay.token.ports import AccessToken
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.genesys import SCOPES, a_token
from tests.fakes.token_workers import TokenWorkers


@pytest.fixture
def tokens() -> TokenWorkers:
    return TokenWorkers()


def test_a_first_token_is_issued_shared_and_kept(tokens: TokenWorkers) -> None:
    token = tokens.source.token()
    assert token.version == "issued-1"
    assert tokens.store.token == token
    assert tokens.source.token() is token
    assert (tokens.issuer.requests, tokens.store.reads, tokens.leases.reads) == (1, 1, 1)
    assert tokens.telemetry.counts["TokenRefreshes"] == 1


def test_a_shared_token_spares_a_second_one(tokens: TokenWorkers) -> None:
    token = tokens.source.token()
    assert tokens.another_worker().token() == token
    assert (tokens.issuer.requests, tokens.store.reads) == (1, 2)


@pytest.mark.parametrize(
    ("left_ms", "requests"), [(REFRESH_BEFORE_MS + 1, 1), (REFRESH_BEFORE_MS, 2), (REFRESH_BEFORE_MS - 1, 2)]
)
def test_a_token_is_refreshed_a_minute_before_its_end(tokens: TokenWorkers, left_ms: int, requests: int) -> None:
    token = tokens.source.token()
    tokens.clock.time = token.expires_at - left_ms
    tokens.source.token()
    assert tokens.issuer.requests == requests
    tokens.another_worker().token()
    assert tokens.issuer.requests == requests


def test_another_stacks_newer_token_is_taken(tokens: TokenWorkers) -> None:
    held = tokens.source.token()
    tokens.clock.time = held.expires_at - 1
    newer = a_token("newer", tokens.clock.time + 3_600_000)
    tokens.store.token = newer
    assert tokens.source.token() == newer
    assert tokens.another_worker().token() == newer
    assert tokens.issuer.requests == 1


@pytest.mark.parametrize(
    "token",
    [
        a_token(issuer="another client"),
        AccessToken("value", 2**62, ("data:action:view",), a_token().issuer, "v"),
        AccessToken("value", 2**62, (), a_token().issuer, "v"),
    ],
    ids=["issuer", "scope", "no-scope"],
)
def test_a_foreign_or_insufficient_token_is_ignored(tokens: TokenWorkers, token: AccessToken) -> None:
    tokens.store.token = token
    assert tokens.source.token().version == "issued-1"


def test_without_scopes_any_of_our_tokens_will_do(tokens: TokenWorkers) -> None:
    tokens.issuer.required_scopes = ()
    tokens.store.token = AccessToken("value", 2**62, (), tokens.issuer.issuer, "v")
    assert tokens.source.token().version == "v"


# -- Refused versions --


def test_a_refused_version_in_the_store_is_replaced(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.source.refuse("issued-1")
    assert tokens.source.token().version == "issued-2"
    assert tokens.store.token is not None
    assert tokens.store.token.version == "issued-2"


def test_a_late_refusal_of_another_version_keeps_the_token(tokens: TokenWorkers) -> None:
    tokens.source.token()
    tokens.source.refuse("issued-0")
    assert tokens.source.token().version == "issued-1"
    assert tokens.leases.reads == 1, "nobody looked for another"


def test_a_refused_token_is_not_used_while_login_fails(tokens: TokenWorkers) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.source.refuse("issued-1")
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


def test_a_refused_shared_token_is_not_used_again(
    tokens: TokenWorkers,
) -> None:
    tokens.store.token = a_token("shared", NOON + 30_000)
    tokens.source.refuse("shared")
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


# -- A store that does not do its part --


def test_an_unreadable_store_leads_to_a_new_token(tokens: TokenWorkers) -> None:
    tokens.store.trouble.before("read", StoreUnavailableError("down"))
    assert tokens.source.token().version == "issued-1"
    assert tokens.telemetry.events == [("token_store_unreadable", {"code": "store_unavailable"})]


def test_a_forbidden_store_gives_a_cold_worker_its_own_token(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.store.trouble.before("read", StoreUnavailableError("denied"), times=9)
    assert tokens.another_worker().token().version == "issued-2"
    assert tokens.source.token().version == "issued-1", "who has a valid one asks nobody"


def test_an_unwritable_store_gives_each_worker_a_token(
    tokens: TokenWorkers,
) -> None:
    tokens.store.trouble.before("write", StoreUnavailableError("down"), times=2)
    assert [tokens.source.token().version, tokens.source.token().version] == ["issued-1", "issued-1"]
    assert tokens.another_worker().token().version == "issued-2"
    assert tokens.telemetry.events == [("token_store_unwritable", {"code": "store_unavailable"})] * 2


def test_a_token_too_large_for_the_store_stays_in_memory(
    tokens: TokenWorkers,
) -> None:
    tokens.store.holds = 3
    assert [tokens.source.token().version, tokens.source.token().version] == ["issued-1", "issued-1"]
    assert tokens.another_worker().token().version == "issued-2"
    assert tokens.telemetry.events[0] == ("token_too_large_to_share", {"version": "issued-1"})
    assert tokens.store.token is None


# -- A login host that does not do its part --


@pytest.mark.parametrize("error", [TokenUnavailableError("down"), CredentialsRefusedError("no")])
def test_a_held_token_is_used_to_its_end_while_login_fails(tokens: TokenWorkers, error: TokenError) -> None:
    held = tokens.source.token()
    tokens.issuer.trouble.before("request", error, times=2)
    tokens.clock.time = held.expires_at - REST_MS
    assert tokens.source.token() == held
    assert tokens.telemetry.events == [("token_not_refreshed", {"code": error.code})]
    tokens.clock.time = held.expires_at
    with pytest.raises(type(error)):
        tokens.source.token()
    assert tokens.issuer.requests == 3


def test_a_cold_worker_uses_a_valid_shared_token_to_its_end(
    tokens: TokenWorkers,
) -> None:
    tokens.store.token = a_token("shared", NOON + 30_000)
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"), times=2)
    assert tokens.source.token().version == "shared"
    tokens.clock.time = NOON + 30_000
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


def test_a_failing_login_without_a_token_names_itself(tokens: TokenWorkers) -> None:
    tokens.issuer.trouble.before("request", CredentialsRefusedError("no"))
    with pytest.raises(CredentialsRefusedError):
        tokens.source.token()
    tokens.rest()
    assert tokens.source.token().version == "issued-2"


# -- Threads of one process --


def test_ten_threads_get_one_token(tokens: TokenWorkers) -> None:
    with ThreadPoolExecutor(10) as threads:
        versions = {token.version for token in threads.map(lambda _: tokens.source.token(), range(10))}
    assert versions == {"issued-1"}
    assert (tokens.issuer.requests, tokens.store.reads) == (1, 1)


@dataclass(slots=True)
class NoticedClock(SettableClock):
    """A clock that lets others know when it is looked at."""

    looked_at: threading.Event = field(default_factory=threading.Event)

    def now(self) -> int:
        self.looked_at.set()
        return self.time


def test_a_waiting_thread_asks_nobody_after_a_refusal() -> None:
    clock = NoticedClock()
    tokens = TokenWorkers(clock)
    tokens.issuer.trouble.after("request", CredentialsRefusedError("no"))

    def ask() -> str:
        with pytest.raises(TokenError) as caught:
            tokens.source.token()
        return caught.value.code

    with ThreadPoolExecutor(1) as other:
        answers: list[Future[str]] = []

        def another_thread_comes() -> None:
            clock.looked_at.clear()
            answers.append(other.submit(ask))
            assert clock.looked_at.wait(5)
            threading.Event().wait(0.05)  # from there to the turn it is a few instructions

        tokens.issuer.meanwhile = another_thread_comes
        assert ask() == answers[0].result(timeout=5) == "credentials_refused"
    assert (tokens.issuer.requests, tokens.leases.reads) == (1, 1)


def test_a_thread_does_not_wait_for_an_early_refresh(tokens: TokenWorkers) -> None:
    held = tokens.source.token()
    tokens.clock.time = held.expires_at - REFRESH_BEFORE_MS
    meanwhile: list[AccessToken] = []

    def another_thread_asks() -> None:
        with ThreadPoolExecutor(1) as other:
            meanwhile.append(other.submit(tokens.source.token).result(timeout=5))

    tokens.issuer.meanwhile = another_thread_asks
    assert tokens.source.token().version == "issued-2"
    assert meanwhile == [held]
    assert tokens.leases.reads == 2, "the other thread asked nobody"


def test_a_thread_does_not_wait_for_anothers_refusal(tokens: TokenWorkers) -> None:
    def another_thread_refuses() -> None:
        with ThreadPoolExecutor(1) as other:
            other.submit(tokens.source.refuse, "older").result(timeout=5)

    tokens.issuer.meanwhile = another_thread_refuses
    assert tokens.source.token().version == "issued-1"


def test_given_a_token_when_shown_then_its_value_is_not(tokens: TokenWorkers) -> None:
    token = tokens.source.token()
    assert token.scopes == SCOPES
    assert token.value not in repr(token)
    assert token.value not in repr(tokens.source)
    assert token.expires_at == NOON + tokens.issuer.lifetime_ms
