"""One token for everybody: memory, then the shared store, then the login host."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from actionrelay.errors import CredentialsRefusedError, StoreUnavailableError, TokenError, TokenUnavailableError
from actionrelay.ports import AccessToken
from actionrelay.token.lease import REST_MS
from actionrelay.token.shared import REFRESH_BEFORE_MS
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.genesys import SCOPES, a_token
from tests.fakes.token_workers import TokenWorkers


@pytest.fixture
def tokens() -> TokenWorkers:
    return TokenWorkers()


def test_given_nothing_when_asked_then_one_is_issued_shared_and_kept(tokens: TokenWorkers) -> None:
    token = tokens.source.token()
    assert token.version == "issued-1"
    assert tokens.store.token == token
    assert tokens.source.token() is token
    assert (tokens.issuer.requests, tokens.store.reads, tokens.leases.reads) == (1, 1, 1)
    assert tokens.telemetry.counts["TokenRefreshes"] == 1


def test_given_a_shared_token_when_another_worker_asks_then_no_second_is_issued(tokens: TokenWorkers) -> None:
    token = tokens.source.token()
    assert tokens.another_worker().token() == token
    assert (tokens.issuer.requests, tokens.store.reads) == (1, 2)


@pytest.mark.parametrize(
    ("left_ms", "requests"), [(REFRESH_BEFORE_MS + 1, 1), (REFRESH_BEFORE_MS, 2), (REFRESH_BEFORE_MS - 1, 2)]
)
def test_given_a_token_near_its_end_when_asked_then_a_minute_before_is_the_border(
    tokens: TokenWorkers, left_ms: int, requests: int
) -> None:
    token = tokens.source.token()
    tokens.clock.time = token.expires_at - left_ms
    tokens.source.token()
    assert tokens.issuer.requests == requests
    tokens.another_worker().token()
    assert tokens.issuer.requests == requests


def test_given_another_stack_with_a_newer_token_when_the_held_one_ends_then_it_is_taken(tokens: TokenWorkers) -> None:
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
def test_given_a_shared_token_that_is_not_ours_or_not_enough_when_asked_then_it_is_ignored(
    tokens: TokenWorkers, token: AccessToken
) -> None:
    tokens.store.token = token
    assert tokens.source.token().version == "issued-1"


def test_given_a_contract_without_scopes_when_asked_then_any_of_our_tokens_will_do(tokens: TokenWorkers) -> None:
    tokens.issuer.required_scopes = ()
    tokens.store.token = AccessToken("value", 2**62, (), tokens.issuer.issuer, "v")
    assert tokens.source.token().version == "v"


# -- Refused versions --


def test_given_a_refused_version_when_asked_then_it_is_replaced_even_if_the_store_still_has_it(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.source.refuse("issued-1")
    assert tokens.source.token().version == "issued-2"
    assert tokens.store.token is not None
    assert tokens.store.token.version == "issued-2"


def test_given_another_version_refused_late_when_asked_then_the_newer_token_stays(tokens: TokenWorkers) -> None:
    tokens.source.token()
    tokens.source.refuse("issued-0")
    assert tokens.source.token().version == "issued-1"
    assert tokens.leases.reads == 1, "nobody looked for another"


def test_given_a_refused_token_when_the_login_fails_then_it_is_not_used_again(tokens: TokenWorkers) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.source.refuse("issued-1")
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


def test_given_a_shared_token_that_was_refused_when_the_login_fails_then_it_is_not_used_again(
    tokens: TokenWorkers,
) -> None:
    tokens.store.token = a_token("shared", NOON + 30_000)
    tokens.source.refuse("shared")
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


# -- A store that does not do its part --


def test_given_a_store_that_cannot_be_read_when_asked_then_one_is_issued(tokens: TokenWorkers) -> None:
    tokens.store.trouble.before("read", StoreUnavailableError("down"))
    assert tokens.source.token().version == "issued-1"
    assert tokens.telemetry.events == [("token_store_unreadable", {"code": "store_unavailable"})]


def test_given_a_store_that_nobody_may_read_when_a_cold_worker_asks_then_it_gets_a_token_of_its_own(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.store.trouble.before("read", StoreUnavailableError("denied"), times=9)
    assert tokens.another_worker().token().version == "issued-2"
    assert tokens.source.token().version == "issued-1", "who has a valid one asks nobody"


def test_given_a_store_that_cannot_be_written_when_issued_then_each_worker_gets_one_at_once(
    tokens: TokenWorkers,
) -> None:
    tokens.store.trouble.before("write", StoreUnavailableError("down"), times=2)
    assert [tokens.source.token().version, tokens.source.token().version] == ["issued-1", "issued-1"]
    assert tokens.another_worker().token().version == "issued-2"
    assert tokens.telemetry.events == [("token_store_unwritable", {"code": "store_unavailable"})] * 2


def test_given_a_token_too_large_for_the_store_when_issued_then_it_stays_in_memory_and_is_logged(
    tokens: TokenWorkers,
) -> None:
    tokens.store.holds = 3
    assert [tokens.source.token().version, tokens.source.token().version] == ["issued-1", "issued-1"]
    assert tokens.another_worker().token().version == "issued-2"
    assert tokens.telemetry.events[0] == ("token_too_large_to_share", {"version": "issued-1"})
    assert tokens.store.token is None


# -- A login host that does not do its part --


@pytest.mark.parametrize("error", [TokenUnavailableError("down"), CredentialsRefusedError("no")])
def test_given_a_login_that_fails_when_the_held_token_is_still_valid_then_it_is_used_to_its_end(
    tokens: TokenWorkers, error: TokenError
) -> None:
    held = tokens.source.token()
    tokens.issuer.trouble.before("request", error, times=2)
    tokens.clock.time = held.expires_at - REST_MS
    assert tokens.source.token() == held
    assert tokens.telemetry.events == [("token_not_refreshed", {"code": error.code})]
    tokens.clock.time = held.expires_at
    with pytest.raises(type(error)):
        tokens.source.token()
    assert tokens.issuer.requests == 3


def test_given_a_cold_worker_and_a_login_that_fails_when_the_shared_token_is_still_valid_then_it_is_used_to_its_end(
    tokens: TokenWorkers,
) -> None:
    tokens.store.token = a_token("shared", NOON + 30_000)
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"), times=2)
    assert tokens.source.token().version == "shared"
    tokens.clock.time = NOON + 30_000
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


def test_given_a_login_that_fails_when_nothing_is_held_then_the_error_names_itself(tokens: TokenWorkers) -> None:
    tokens.issuer.trouble.before("request", CredentialsRefusedError("no"))
    with pytest.raises(CredentialsRefusedError):
        tokens.source.token()
    tokens.rest()
    assert tokens.source.token().version == "issued-2"


# -- Threads of one process --


def test_given_ten_threads_when_they_ask_at_once_then_one_token_is_issued(tokens: TokenWorkers) -> None:
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


def test_given_a_thread_that_waits_its_turn_when_the_one_before_is_told_no_then_it_asks_nobody() -> None:
    clock = NoticedClock()
    tokens = TokenWorkers(clock)
    tokens.issuer.trouble.after("request", CredentialsRefusedError("no"))

    def ask() -> str:
        with pytest.raises(TokenError) as told:
            tokens.source.token()
        return told.value.code

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


def test_given_a_thread_that_refreshes_ahead_when_another_asks_then_it_does_not_wait(tokens: TokenWorkers) -> None:
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


def test_given_a_thread_that_asks_when_another_refuses_a_version_then_it_does_not_wait(tokens: TokenWorkers) -> None:
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
