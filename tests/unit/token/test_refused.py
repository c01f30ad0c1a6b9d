"""Refused and lost tokens, a lease that can't be had, and two clients: what each worker is left with."""

import pytest

from actionrelay.errors import StoreUnavailableError, TokenUnavailableError
from tests.fakes.chance import NOON
from tests.fakes.genesys import a_token
from tests.fakes.token_workers import TokenWorkers, assert_has, dies, waits


@pytest.fixture
def tokens() -> TokenWorkers:
    return TokenWorkers()


# -- Refused versions --


def test_given_a_token_that_all_workers_see_refused_when_they_ask_then_one_request_replaces_it(
    tokens: TokenWorkers,
) -> None:
    workers = [tokens.source, *(tokens.another_worker() for _ in range(9))]
    for worker in workers:
        assert_has(worker, "issued-1")
    tokens.rest()
    for worker in workers:
        worker.refuse("issued-1")
    told: list[bool] = []
    tokens.issuer.meanwhile = lambda: told.extend([waits(worker) for worker in workers[1:]])
    assert {worker.token().version for worker in workers} == {"issued-2"}
    assert (tokens.issuer.requests, len(told)) == (2, 9)


def test_given_a_worker_with_the_next_version_when_others_refuse_the_last_then_it_is_untouched(
    tokens: TokenWorkers,
) -> None:
    late = tokens.another_worker()
    assert_has(tokens.source, "issued-1")
    assert_has(late, "issued-1")
    tokens.rest()
    tokens.source.refuse("issued-1")
    assert_has(tokens.source, "issued-2")
    late.refuse("issued-1")
    tokens.source.refuse("issued-1")
    reads = tokens.leases.reads
    assert_has(tokens.source, "issued-2")
    assert tokens.leases.reads == reads
    assert_has(late, "issued-2")
    assert tokens.issuer.requests == 2


def test_given_a_replaced_token_when_a_cold_worker_comes_during_the_request_then_it_is_not_given_the_refused_one(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.source.refuse("issued-1")
    cold = tokens.another_worker()
    told: list[bool] = []
    tokens.issuer.meanwhile = lambda: told.append(waits(cold))
    tokens.source.token()
    assert told == [True]
    assert_has(cold, "issued-2")


def test_given_a_token_that_is_refused_as_soon_as_it_is_there_when_asked_again_then_the_login_has_a_rest(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.source.refuse("issued-1")
    assert waits(tokens.source)
    tokens.rest()
    assert_has(tokens.source, "issued-2")


def test_given_a_leaseholder_of_a_refused_token_that_died_when_a_cold_worker_takes_over_then_it_knows_it_is_refused(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.source.refuse("issued-1")
    dies(tokens.source, tokens, "issuer", "request")
    tokens.outlast_the_lease()
    assert_has(tokens.another_worker(), "issued-3")


# -- A store that lags, and a lease that can't be had --


def test_given_a_store_that_shows_a_new_token_late_when_a_worker_looks_then_it_comes_back_and_finds_it(
    tokens: TokenWorkers,
) -> None:
    token = tokens.source.token()
    tokens.store.token = None
    cold = tokens.another_worker()
    assert waits(cold)
    tokens.store.token = token
    assert cold.token() == token
    assert tokens.issuer.requests == 1


def test_given_a_shared_token_that_somebody_deleted_when_a_cold_worker_comes_then_another_is_issued(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.store.token = None
    cold, other = tokens.another_worker(), tokens.another_worker()
    told: list[bool] = []
    tokens.issuer.meanwhile = lambda: told.append(waits(other))
    assert_has(cold, "issued-2")
    assert_has(other, "issued-2")
    assert told == [True]
    assert tokens.store.reads == 1 + 1 + 1, "the one that had to wait read once"


def test_given_a_lease_that_cannot_be_read_when_asked_then_what_is_shared_is_used_and_nobody_is_asked(
    tokens: TokenWorkers,
) -> None:
    tokens.leases.trouble.before("read", StoreUnavailableError("down"), times=2)
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()
    tokens.store.token = a_token("shared", NOON + 1)
    assert_has(tokens.source, "shared")
    assert tokens.issuer.requests == 0
    assert tokens.telemetry.events == [("token_lease_unusable", {"code": "store_unavailable"})] * 2


def test_given_a_lease_that_was_taken_although_the_answer_got_lost_when_asked_again_then_the_worker_goes_on(
    tokens: TokenWorkers,
) -> None:
    tokens.leases.trouble.after("swap", StoreUnavailableError("down"))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()
    assert tokens.lease.holder == "worker-1"
    assert waits(tokens.another_worker())
    assert_has(tokens.source, "issued-1")
    assert tokens.telemetry.counts["TokenLeaseTakeovers"] == 0


def test_given_a_lease_that_cannot_be_given_back_when_a_token_is_issued_then_it_is_used_and_others_find_it_later(
    tokens: TokenWorkers,
) -> None:
    def table_goes_down() -> None:
        tokens.leases.trouble.before("swap", StoreUnavailableError("down"))

    tokens.issuer.meanwhile = table_goes_down
    assert_has(tokens.source, "issued-1")
    assert waits(tokens.another_worker())
    tokens.outlast_the_lease()
    assert_has(tokens.another_worker(), "issued-1")
    assert tokens.issuer.requests == 1


def test_given_a_lease_that_another_took_meanwhile_when_a_token_is_issued_then_both_are_good_and_it_is_logged(
    tokens: TokenWorkers,
) -> None:
    other = tokens.another_worker()

    def too_slow() -> None:
        tokens.outlast_the_lease()
        assert_has(other, "issued-2")

    tokens.issuer.meanwhile = too_slow
    tokens.source.token()
    assert ("token_lease_lost", {}) in tokens.telemetry.events
    assert tokens.lease.shared == "issued-2"


def test_given_others_that_are_first_each_time_when_a_worker_wants_the_lease_then_it_comes_back(
    tokens: TokenWorkers,
) -> None:
    def another_asks_in_vain() -> None:
        tokens.rest()
        tokens.store.trouble.before("write", StoreUnavailableError("down"))
        tokens.another_worker().token()
        tokens.leases.meanwhile = another_asks_in_vain

    tokens.leases.meanwhile = another_asks_in_vain
    assert waits(tokens.source)


# -- Two clients --


def test_given_two_clients_with_one_parameter_when_their_workers_ask_then_neither_gets_the_others_token(
    tokens: TokenWorkers,
) -> None:
    others = TokenWorkers(clock=tokens.clock, store=tokens.store, leases=tokens.leases)
    others.issuer.issuer = "another client"
    assert tokens.source.token().issuer != others.source.token().issuer
    tokens.rest()
    assert tokens.another_worker().token().issuer == tokens.issuer.issuer
    assert len(tokens.leases.leases) == 2
