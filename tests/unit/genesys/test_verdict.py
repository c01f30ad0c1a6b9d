"""What an answer allows, and how long to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.genesys.verdict import (
    BACKOFF_BASE_MS,
    BACKOFF_CAP_MS,
    Reply,
    ReplyKind,
    Verdict,
    backoff_ms,
    judge,
    next_try_at,
)
from actionrelay.ledger.execution import ExecutionError
from tests.fakes.chance import NOON


def status(code: int, retry_after: str | None = None) -> Reply:
    return Reply(ReplyKind.HTTP_ERROR, 1, error=ExecutionError("c", "m", code), retry_after=retry_after)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(ReplyKind.NOT_SENT, 1), Verdict.POSTPONE),
        (Reply(ReplyKind.NO_ANSWER, 1), Verdict.AMBIGUOUS),
        (Reply(ReplyKind.REPORTED_FAILURE, 1), Verdict.FINAL),
        (Reply(ReplyKind.HTTP_ERROR, 1), Verdict.FINAL),
        (status(429), Verdict.POSTPONE),
        (status(429, "1"), Verdict.POSTPONE),
        (status(503, "1"), Verdict.POSTPONE),
        (status(503, "Wed, 21 Oct 2015 07:28:00 GMT"), Verdict.POSTPONE),
        (status(503), Verdict.AMBIGUOUS),
        (status(503, ""), Verdict.AMBIGUOUS),
        (status(503, "-1"), Verdict.AMBIGUOUS),
        (status(503, "soon"), Verdict.AMBIGUOUS),
        (status(401), Verdict.RETRY),
        (status(408), Verdict.AMBIGUOUS),
        (status(500), Verdict.AMBIGUOUS),
        (status(500, "1"), Verdict.AMBIGUOUS),
        (status(502), Verdict.AMBIGUOUS),
        (status(504, "1"), Verdict.AMBIGUOUS),
        (status(501), Verdict.FINAL),
        (status(505), Verdict.FINAL),
        (status(302), Verdict.FINAL),
        (status(400), Verdict.FINAL),
        (status(403), Verdict.FINAL),
        (status(404), Verdict.FINAL),
        (status(409), Verdict.FINAL),
        (status(422, "1"), Verdict.FINAL),
    ],
)
def test_a_reply_is_judged_by_the_table(reply: Reply, verdict: Verdict) -> None:
    assert judge(reply) is verdict


@given(st.integers(300, 599), st.none() | st.text(max_size=5))
def test_only_proof_of_no_run_allows_another(code: int, retry_after: str | None) -> None:
    verdict = judge(status(code, retry_after))
    if verdict in {Verdict.POSTPONE, Verdict.RETRY}:
        assert code in {401, 429} or (code == 503 and retry_after is not None)


@given(st.integers(-5, 2_000), st.floats(0, 1, exclude_max=True))
def test_full_jitter_stays_in_its_bounds(tries: int, draw: float) -> None:
    ceiling = min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** min(max(tries, 1) - 1, 60))
    assert 0 <= backoff_ms(tries, lambda: draw) < ceiling


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_the_backoffs_ceiling_never_falls(tries: int, draw: float) -> None:
    assert backoff_ms(tries, lambda: draw) <= backoff_ms(tries + 1, lambda: draw)


@given(st.integers(1, 60), st.integers(0, 43_200), st.floats(0, 1, exclude_max=True))
def test_given_a_floor_when_planned_then_the_jitter_comes_on_top(tries: int, seconds: int, draw: float) -> None:
    planned = next_try_at(NOON, tries, lambda: draw, str(seconds))
    assert planned == NOON + seconds * 1_000 + backoff_ms(tries, lambda: draw)
