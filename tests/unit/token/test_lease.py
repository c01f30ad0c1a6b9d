"""One token request for all workers: the lease, what the waiting ones learn from it, and who takes it over."""

import pytest

from actionrelay.errors import (
    CredentialsRefusedError,
    PermissionMissingError,
    ScopeMissingError,
    TokenBeingRefreshedError,
    TokenError,
    TokenUnavailableError,
)
from actionrelay.token.lease import CLOCK_MARGIN_MS, LEASE_MS, REST_MS, TokenLease
from actionrelay.token.next_move import REFRESH_BEFORE_MS
from tests.fakes.chance import NOON
from tests.fakes.genesys import a_token
from tests.fakes.token_workers import DiedError, TokenWorkers, assert_has, dies, waits


@pytest.fixture
def tokens() -> TokenWorkers:
    return TokenWorkers()


# -- Cold workers --


def test_fifty_cold_workers_make_one_request(
    tokens: TokenWorkers,
) -> None:
    tokens.store.token = a_token("expired", NOON - 1)
    others = [tokens.another_worker() for _ in range(49)]
    waited: list[bool] = []
    tokens.issuer.meanwhile = lambda: waited.extend([waits(worker) for worker in others])

    tokens.source.token()

    assert len(waited) == 49
    assert tokens.store.reads == 1, "who has to wait does not look for what can't be there"
    assert {worker.token().version for worker in others} == {"issued-1"}
    assert (tokens.issuer.requests, tokens.store.reads) == (1, 50)


@pytest.mark.parametrize(
    ("age_ms", "retry_within_ms"), [(0, 1_000), (900, 1_000), (4_000, 4_000), (9_000, 7_000), (14_900, 1_100)]
)
def test_others_return_as_late_as_the_lease_is_old(tokens: TokenWorkers, age_ms: int, retry_within_ms: int) -> None:
    other = tokens.another_worker()

    def asks() -> None:
        tokens.clock.advance(age_ms)
        with pytest.raises(TokenBeingRefreshedError) as caught:
            other.token()
        assert caught.value.retryable
        assert caught.value.retry_within_ms == retry_within_ms

    tokens.issuer.meanwhile = asks
    tokens.source.token()


def test_a_worker_with_an_old_view_of_the_lease_waits(
    tokens: TokenWorkers,
) -> None:
    other = tokens.another_worker()
    tokens.leases.meanwhile = lambda: dies(other, tokens, "issuer", "request")
    assert waits(tokens.source)
    assert tokens.issuer.requests == 1


def test_a_worker_with_an_old_view_takes_the_new_token(
    tokens: TokenWorkers,
) -> None:
    other = tokens.another_worker()
    tokens.leases.meanwhile = lambda: assert_has(other, "issued-1")
    assert_has(tokens.source, "issued-1")
    assert tokens.issuer.requests == 1


# -- Refreshing ahead --


def test_others_go_on_while_one_worker_refreshes(
    tokens: TokenWorkers,
) -> None:
    other, cold = tokens.another_worker(), tokens.another_worker()
    held = tokens.source.token()
    assert other.token() == held
    tokens.clock.time = held.expires_at - REFRESH_BEFORE_MS
    meanwhile: list[str] = []
    tokens.issuer.meanwhile = lambda: meanwhile.extend([other.token().version, cold.token().version])

    assert_has(tokens.source, "issued-2")

    assert meanwhile == ["issued-1", "issued-1"]
    assert [other.token().version, cold.token().version] == ["issued-2", "issued-2"]
    assert tokens.issuer.requests == 2


def test_a_login_that_is_down_is_asked_once_per_rest(
    tokens: TokenWorkers,
) -> None:
    held = tokens.source.token()
    others = [tokens.another_worker() for _ in range(9)]
    tokens.clock.time = held.expires_at - REFRESH_BEFORE_MS
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"), times=99)
    for seconds in range(6):
        tokens.clock.time = held.expires_at - REFRESH_BEFORE_MS + seconds * 1_000
        assert {worker.token() for worker in (tokens.source, *others)} == {held}
    assert tokens.issuer.requests == 1 + 6 * 1_000 // REST_MS


# -- Failures --


@pytest.mark.parametrize(
    "error",
    [
        TokenUnavailableError("down"),
        CredentialsRefusedError("refused"),
        PermissionMissingError("denied"),
        ScopeMissingError("not granted data:action:execute"),
    ],
)
def test_the_login_hosts_answer_counts_for_all_for_a_rest(tokens: TokenWorkers, error: TokenError) -> None:
    tokens.issuer.trouble.before("request", error)
    for worker in (tokens.source, tokens.source, tokens.another_worker()):
        with pytest.raises(type(error), match=error.message):
            worker.token()
    assert tokens.issuer.requests == 1
    tokens.rest()
    assert_has(tokens.another_worker(), "issued-2")
    assert tokens.lease.failure == tokens.lease.failure_text == ""


def test_a_request_under_way_hides_the_last_failure(
    tokens: TokenWorkers,
) -> None:
    tokens.issuer.trouble.before("request", CredentialsRefusedError("refused"))
    with pytest.raises(CredentialsRefusedError):
        tokens.source.token()
    tokens.rest()
    waited: list[bool] = []
    tokens.issuer.meanwhile = lambda: waited.append(waits(tokens.another_worker()))
    assert_has(tokens.source, "issued-2")
    assert waited == [True]


def test_a_later_failure_on_record_postpones_the_worker(
    tokens: TokenWorkers,
) -> None:
    tokens.leases.leases[tokens.issuer.issuer] = TokenLease(until=NOON + 1, failure="new_kind", revision=1)
    assert waits(tokens.source)


# -- Leaseholders that die --


def test_a_dead_leaseholder_is_replaced_by_one_other(tokens: TokenWorkers) -> None:
    dies(tokens.source, tokens, "issuer", "request")
    others = [tokens.another_worker() for _ in range(3)]
    tokens.clock.advance(LEASE_MS - 1)
    assert all(waits(worker) for worker in others)
    tokens.clock.advance(1)
    assert {worker.token().version for worker in others} == {"issued-2"}
    assert (tokens.issuer.requests, tokens.telemetry.counts["TokenLeaseTakeovers"]) == (2, 1)


@pytest.mark.parametrize("ahead_ms", [LEASE_MS, 86_400_000])
def test_a_dead_leaseholders_fast_clock_is_no_bar(tokens: TokenWorkers, ahead_ms: int) -> None:
    tokens.clock.advance(ahead_ms)
    dies(tokens.source, tokens, "issuer", "request")
    tokens.clock.advance(-ahead_ms)
    assert_has(tokens.another_worker(), "issued-2")


def test_a_successor_finds_a_dead_leaseholders_token(
    tokens: TokenWorkers,
) -> None:
    tokens.store.trouble.after("write", DiedError())
    with pytest.raises(DiedError):
        tokens.source.token()
    tokens.outlast_the_lease()
    assert_has(tokens.another_worker(), "issued-1")
    assert (tokens.issuer.requests, tokens.lease.shared) == (1, "issued-1")


def test_a_leaseholder_stops_shortly_before_its_lease_ends(
    tokens: TokenWorkers,
) -> None:
    tokens.store.on_read = lambda: tokens.clock.advance(6_000)
    tokens.source.token()
    assert tokens.issuer.given_ms == [LEASE_MS - CLOCK_MARGIN_MS - 6_000]


# -- What the login host asks for --


def test_a_429_lets_the_host_rest_over_all_workers(tokens: TokenWorkers) -> None:
    tokens.issuer.trouble.before("request", TokenUnavailableError("429", retry_after_ms=300_000))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()

    for second in range(0, 300, 20):
        with pytest.raises(TokenUnavailableError) as caught:
            tokens.another_worker().token()
        assert caught.value.retry_after_ms == 300_000 - second * 1_000
        tokens.clock.advance(20_000)
    assert tokens.issuer.requests == 1

    assert_has(tokens.another_worker(), "issued-2")
    assert tokens.lease.rest_ms == 0


def test_a_host_rests_for_half_a_day_at_most(tokens: TokenWorkers) -> None:
    tokens.issuer.trouble.before("request", TokenUnavailableError("503", retry_after_ms=10**12))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()
    tokens.clock.advance(12 * 3_600_000)
    assert_has(tokens.another_worker(), "issued-2")


def test_a_rest_that_a_fast_clock_wrote_is_no_bar() -> None:
    rest = TokenLease().gave_up(TokenUnavailableError("429", retry_after_ms=300_000), NOON + 60_000)
    assert not rest.closed(NOON, "another")
    assert rest.closed(NOON + 60_000, "another")
    assert rest.closed(NOON + 359_999, "another")
    assert not rest.closed(NOON + 360_000, "another")


def test_a_valid_token_is_used_while_the_host_rests(tokens: TokenWorkers) -> None:
    tokens.store.token = a_token("shared", NOON + REFRESH_BEFORE_MS - 1)
    tokens.issuer.trouble.before("request", TokenUnavailableError("429", retry_after_ms=300_000))
    assert_has(tokens.source, "shared")
    tokens.clock.advance(10_000)
    assert_has(tokens.source, "shared")
    assert tokens.issuer.requests == 1
