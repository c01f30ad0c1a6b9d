"""Refused and lost tokens, an unavailable lease, and two clients: what each worker is left with."""

import pytest

from actionrelay.errors import StoreUnavailableError, TokenUnavailableError
from tests.fakes.chance import NOON
from tests.fakes.genesys import a_token
from tests.fakes.token_workers import TokenWorkers, assert_has, dies, waits


@pytest.fixture
def tokens() -> TokenWorkers:
    return TokenWorkers()


# -- Refused versions --


def test_a_token_refused_for_all_is_replaced_once(
    tokens: TokenWorkers,
) -> None:
    workers = [tokens.source, *(tokens.another_worker() for _ in range(9))]
    for worker in workers:
        assert_has(worker, "issued-1")
    tokens.rest()
    for worker in workers:
        worker.refuse("issued-1")
    waited: list[bool] = []
    tokens.issuer.meanwhile = lambda: waited.extend([waits(worker) for worker in workers[1:]])
    assert {worker.token().version for worker in workers} == {"issued-2"}
    assert (tokens.issuer.requests, len(waited)) == (2, 9)


def test_a_worker_with_the_next_version_is_untouched(
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


def test_a_cold_worker_is_not_given_the_refused_token(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.source.refuse("issued-1")
    cold = tokens.another_worker()
    waited: list[bool] = []
    tokens.issuer.meanwhile = lambda: waited.append(waits(cold))
    tokens.source.token()
    assert waited == [True]
    assert_has(cold, "issued-2")


def test_a_token_refused_at_once_gives_the_login_a_rest(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.source.refuse("issued-1")
    assert waits(tokens.source)
    tokens.rest()
    assert_has(tokens.source, "issued-2")


def test_a_dead_leaseholders_refused_token_is_known_refused(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.source.refuse("issued-1")
    dies(tokens.source, tokens, "issuer", "request")
    tokens.outlast_the_lease()
    assert_has(tokens.another_worker(), "issued-3")


# -- A store that lags, and a lease that can't be had --


def test_a_token_seen_late_in_the_store_is_found(
    tokens: TokenWorkers,
) -> None:
    token = tokens.source.token()
    tokens.store.token = None
    cold = tokens.another_worker()
    assert waits(cold)
    tokens.store.token = token
    assert cold.token() == token
    assert tokens.issuer.requests == 1


def test_a_deleted_shared_token_is_replaced(
    tokens: TokenWorkers,
) -> None:
    tokens.source.token()
    tokens.rest()
    tokens.store.token = None
    cold, other = tokens.another_worker(), tokens.another_worker()
    waited: list[bool] = []
    tokens.issuer.meanwhile = lambda: waited.append(waits(other))
    assert_has(cold, "issued-2")
    assert_has(other, "issued-2")
    assert waited == [True]
    assert tokens.store.reads == 1 + 1 + 1, "the one that had to wait read once"


def test_an_unreadable_lease_uses_the_shared_token(
    tokens: TokenWorkers,
) -> None:
    tokens.leases.trouble.before("read", StoreUnavailableError("down"), times=2)
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()
    tokens.store.token = a_token("shared", NOON + 1)
    assert_has(tokens.source, "shared")
    assert tokens.issuer.requests == 0
    assert tokens.telemetry.events == [("token_lease_unusable", {"code": "store_unavailable"})] * 2


def test_a_lease_taken_with_a_lost_answer_goes_on(
    tokens: TokenWorkers,
) -> None:
    tokens.leases.trouble.after("swap", StoreUnavailableError("down"))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()
    assert tokens.lease.holder == "worker-1"
    assert waits(tokens.another_worker())
    assert_has(tokens.source, "issued-1")
    assert tokens.telemetry.counts["TokenLeaseTakeovers"] == 0


def test_a_lease_that_cannot_be_returned_keeps_the_token(
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


def test_two_tokens_issued_at_once_are_good_and_logged(
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


def test_a_worker_that_never_gets_the_lease_tries_later(
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


def test_two_clients_with_one_parameter_keep_their_tokens(
    tokens: TokenWorkers,
) -> None:
    others = TokenWorkers(clock=tokens.clock, store=tokens.store, leases=tokens.leases)
    others.issuer.issuer = "another client"
    assert tokens.source.token().issuer != others.source.token().issuer
    tokens.rest()
    assert tokens.another_worker().token().issuer == tokens.issuer.issuer
    assert len(tokens.leases.leases) == 2
