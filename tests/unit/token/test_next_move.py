"""A worker's next move: each row of the table, and no worker moves without end."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import TokenBeingRefreshedError, TokenUnavailableError
from actionrelay.token.lease import CLOCK_MARGIN_MS, LEASE_MS, TokenLease
from actionrelay.token.next_move import (
    REFRESH_BEFORE_MS,
    Announce,
    Ask,
    GiveUp,
    InStore,
    Known,
    Move,
    ReadStore,
    Take,
    Use,
    next_move,
)
from actionrelay.token.ports import AccessToken
from tests.fakes.chance import NOON

HOUR_MS = 3_600_000


def token(version: str, left_ms: int = HOUR_MS) -> AccessToken:
    return AccessToken("secret", NOON + left_ms, (), "issuer", version)


FREE = TokenLease()
ASKING = TokenLease().taken("other", NOON - 1_000)
DEAD = TokenLease().taken("other", NOON - LEASE_MS)
SHARED = TokenLease(shared="v1", shared_until=NOON + HOUR_MS)
FAILED = TokenLease().taken("other", NOON).gave_up(TokenUnavailableError("no answer"), NOON)
MINE = TokenLease().taken("me", NOON)
COLD = Known("me", NOON, None, frozenset())
READ = replace(COLD, in_store=InStore(None, lacks=True))
HOLDER = replace(READ, holds_lease=True)
SOON = token("v0", REFRESH_BEFORE_MS)


@pytest.mark.parametrize(
    ("lease", "known", "move"),
    [
        pytest.param(SHARED, COLD, ReadStore, id="the store has one"),
        pytest.param(SHARED, replace(COLD, refused={"v1"}), Take, id="the store has the refused one"),
        pytest.param(SHARED, replace(COLD, held=token("v1", 1)), Take, id="the store has the one that is held"),
        pytest.param(FREE, COLD, Take, id="nobody has one"),
        pytest.param(DEAD, COLD, Take, id="its holder died"),
        pytest.param(SHARED, replace(COLD, in_store=InStore(token("v1"), lacks=False)), Use, id="found a fresh one"),
        pytest.param(ASKING, replace(COLD, held=SOON), Use, id="another asks, one is held"),
        pytest.param(ASKING, COLD, GiveUp, id="another asks, none is held"),
        pytest.param(FAILED, COLD, GiveUp, id="the host has just refused"),
        pytest.param(MINE, replace(COLD, holds_lease=True), ReadStore, id="took the lease, has not read the store"),
        pytest.param(MINE, HOLDER, Ask, id="took the lease, the store has none"),
        pytest.param(
            MINE, replace(HOLDER, in_store=InStore(token("v2"), lacks=False)), Announce, id="a dead worker left one"
        ),
        pytest.param(MINE, replace(HOLDER, in_store=InStore(SOON, lacks=False)), Ask, id="it left one that ends soon"),
    ],
)
def test_each_row_of_the_table_is_a_move(lease: TokenLease, known: Known, move: type[Move]) -> None:
    assert isinstance(next_move(lease, known), move)


def test_what_a_worker_waits_for_is_said() -> None:
    asked, refused = next_move(ASKING, COLD), next_move(FAILED, COLD)
    assert isinstance(asked, GiveUp)
    assert isinstance(refused, GiveUp)
    assert isinstance(asked.error, TokenBeingRefreshedError)
    assert isinstance(refused.error, TokenUnavailableError)


def test_the_token_that_lasts_longest_is_used() -> None:
    known = replace(COLD, held=SOON, in_store=InStore(token("v9", REFRESH_BEFORE_MS - 1), lacks=False))
    assert next_move(ASKING, known) == Use(SOON)


def test_a_lease_of_a_dead_worker_is_taken_as_such() -> None:
    taken, first = next_move(DEAD, COLD), next_move(FREE, COLD)
    assert isinstance(taken, Take)
    assert isinstance(first, Take)
    assert (taken.from_dead, first.from_dead) == (True, False)


def test_a_request_ends_before_the_lease_does() -> None:
    assert next_move(MINE, HOLDER) == Ask(LEASE_MS - CLOCK_MARGIN_MS)


def test_a_store_that_lacks_the_token_is_not_named_any_more() -> None:
    lacking = next_move(SHARED, replace(COLD, in_store=InStore(None, lacks=True)))
    unreadable = next_move(SHARED, replace(COLD, in_store=InStore(None, lacks=False)))
    assert isinstance(lacking, Take)
    assert isinstance(unreadable, Take)
    assert (lacking.lease.shared, unreadable.lease.shared) == ("", "v1")


MOMENTS = st.integers(NOON - 2 * HOUR_MS, NOON + 2 * HOUR_MS)
VERSIONS = st.sampled_from(["", "v0", "v1"])
TOKENS = st.none() | st.builds(token, st.sampled_from(["v0", "v1"]), st.integers(-HOUR_MS, HOUR_MS))
LEASES = st.builds(
    TokenLease,
    holder=st.sampled_from(["", "me", "other"]),
    until=MOMENTS,
    shared=VERSIONS,
    shared_until=MOMENTS,
    refused=VERSIONS,
)


@given(LEASES, TOKENS, TOKENS, st.sets(VERSIONS))
def test_any_worker_is_done_after_four_moves(
    lease: TokenLease, held: AccessToken | None, stored: AccessToken | None, refused: set[str]
) -> None:
    known, moves = Known("me", NOON, held, refused), 0
    while True:
        moves += 1
        match next_move(lease, known):
            case ReadStore():
                assert known.in_store is None
                found = stored if known.lasts(stored) else None
                known = replace(known, in_store=InStore(found, lacks=found is None))
            case Take(wanted):
                assert not known.holds_lease
                lease, known = wanted, replace(known, holds_lease=True)
            case Use(used) | Announce(_, used):
                assert known.lasts(used)
                break
            case Ask() | GiveUp():
                break
    assert moves <= 4
