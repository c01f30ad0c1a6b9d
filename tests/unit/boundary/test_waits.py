"""How long a request asks to wait: an invalid query is refused, an invalid preference ignored (RFC 7240)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.boundary.request import read_request
from actionrelay.boundary.waits import ANSWER_WITHIN_MS, applied, asked_wait, preferred_wait
from actionrelay.lanes import caller_name
from tests.fakes.chance import NOON

ARN = "arn:aws:iam::123456789012:user/bot"


def wanted(prefer: str | None = None, wait: str | None = None, **context: Any) -> Any:
    request = read_request(
        {
            "headers": {} if prefer is None else {"prefer": prefer},
            "queryStringParameters": {} if wait is None else {"wait": wait},
            "requestContext": {"identity": {"userArn": ARN}, **context},
        }
    )
    return preferred_wait(request) if wait is None else asked_wait(request)


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=20", 20),
        ("wait=1", 1),
        ("Wait = 5", 5),
        ('wait="10"', 10),
        ("respond-async, wait=7", 7),
        ("wait=7, respond-async", 7),
        ('return=minimal; foo="a, wait=3", wait=9', 9),
        ("wait=9; foo=bar", 9),
        ("wait=3, wait=4", 3),
    ],
)
def test_a_preference_is_read(prefer: str, seconds: int) -> None:
    assert wanted(prefer).milliseconds == seconds * 1_000


@pytest.mark.parametrize(
    "prefer",
    [
        *("", "wait", "wait=", "wait=0", "wait=21", "wait=-1", "wait=1.5", "wait=1e1", "wait=020", "wait=ten"),
        *("respond-async", "waiting=5", "wait=\u0665", "wait=5 6", '"wait"=5', "=5", ", ,", "wait=0, wait=5"),
    ],
)
def test_a_preference_that_can_not_be_kept_is_ignored(prefer: str) -> None:
    assert wanted(prefer) is None


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        (["wait=7"], 7),
        (["respond-async", "wait=7"], 7),
        (["wait=7", "respond-async"], 7),
        (["return=minimal; x=y", "wait=3", "wait=4"], 3),
        (["", "wait=2"], 2),
    ],
)
def test_several_lines_are_one_list(lines: list[str], seconds: int) -> None:
    request = read_request({"multiValueHeaders": {"Prefer": lines}, "requestContext": {"identity": {"userArn": ARN}}})
    wait = preferred_wait(request)
    assert wait is not None
    assert wait.milliseconds == seconds * 1_000


@given(st.text(max_size=200))
def test_no_header_breaks_the_reader(prefer: str) -> None:
    found = wanted(prefer)
    assert found is None or 1_000 <= found.milliseconds <= 20_000


@pytest.mark.parametrize("unit", ["a=", 'a;"', "a;\\", "a , ", '"', ";;", "wait"])
def test_a_long_header_without_a_wait_is_ignored(unit: str) -> None:
    """A pattern that tries all ways would try them longer than any run of the tests lasts."""
    assert wanted(unit * 5_000) is None


def test_a_wait_after_many_preferences_is_read() -> None:
    assert wanted("a, " * 5_000 + "wait=5").milliseconds == 5_000


def test_who_waits_is_the_caller() -> None:
    assert wanted("wait=5").caller == caller_name(ARN)


def test_an_answer_is_due_when_api_gateway_gives_up() -> None:
    assert wanted("wait=5", requestTimeEpoch=NOON).answer_by == NOON + ANSWER_WITHIN_MS
    for said in ({}, {"requestTimeEpoch": NOON // 1_000}, {"requestTimeEpoch": "now"}):
        assert wanted("wait=5", **said).answer_by is None


def test_a_query_asks_for_seconds() -> None:
    assert wanted(wait="20").milliseconds == 20_000


def test_a_kept_preference_is_said() -> None:
    assert applied(wanted("wait=7")) == {"Preference-Applied": "wait=7"}
