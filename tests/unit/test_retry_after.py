"""When a host says to try again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.retry_after import RETRY_AFTER_CAP_MS, has_retry_after, retry_after_ms
from tests.fakes.chance import NOON


def a_date(seconds: int, form: str = "%a, %d %b %Y %H:%M:%S GMT") -> str:
    return (datetime.fromtimestamp(NOON / 1_000, UTC) + timedelta(seconds=seconds)).strftime(form)


@pytest.mark.parametrize(
    ("header", "wait_ms"),
    [
        ("0", 0),
        ("00", 0),
        ("120", 120_000),
        (" 120\t", 120_000),
        ("007", 7_000),
        ("7200", 7_200_000),
        ("43200", RETRY_AFTER_CAP_MS),
        ("43201", RETRY_AFTER_CAP_MS),
        ("9" * 64, RETRY_AFTER_CAP_MS),
        ("292.05", 293_000),
        ("12.5", 13_000),
        ("0.001", 1_000),
        ("12.0", 12_000),
        ("12.", 12_000),
        ("30, 120", 120_000),
        ("0.5,0", 1_000),
        (a_date(90), 90_000),
        (a_date(90, "%A, %d-%b-%y %H:%M:%S GMT"), 90_000),
        (a_date(90, "%a %b %d %H:%M:%S %Y"), 90_000),
        (a_date(90, "%d %b %Y %H:%M:%S GMT"), 90_000),
        (a_date(90).replace("GMT", "-0000"), 90_000),
        (a_date(0), 0),
        (a_date(-90), 0),
        (a_date(86_400), RETRY_AFTER_CAP_MS),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_CAP_MS),
    ],
)
def test_seconds_fractions_and_dates_say_when(header: str, wait_ms: int) -> None:
    assert has_retry_after(header)
    assert retry_after_ms(header, NOON) == wait_ms


@pytest.mark.parametrize(
    "header",
    [
        *(
            None,
            "",
            " ",
            ",",
            "5,",
            "-1",
            "-0.5",
            "+5",
            "soon",
            "120s",
            "120 seconds",
            "1e3",
            "0x10",
            ".",
            ".5",
            "1.2.3",
        ),
        *("NaN", "Infinity", "null", "\u0663", "1\u00a0", "2 0", "10;20", "9" * 65),
        *("Mon, 99 Foo 2026 99:99:99 GMT", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "2026-11-27T12:00:00Z"),
        *("Wed, 21 Oct 2026 07:28:00 +99999999999999999999", "Wed, 21 Oct 2026"),
    ],
)
def test_nonsense_is_as_if_there_were_none(header: str | None) -> None:
    assert not has_retry_after(header)
    assert retry_after_ms(header, NOON) == 0


@given(st.text() | st.integers().map(str) | st.floats().map(str) | st.datetimes().map(format_datetime))
def test_any_header_is_a_wait_within_bounds(header: str) -> None:
    assert 0 <= retry_after_ms(header, NOON) <= RETRY_AFTER_CAP_MS
    assert has_retry_after(header) or retry_after_ms(header, NOON) == 0


@given(st.decimals(0, 43_199, places=3))
def test_a_wait_is_never_shorter_than_said(seconds: object) -> None:
    said = float(str(seconds)) * 1_000
    assert said - 1e-6 <= retry_after_ms(str(seconds), NOON) < said + 1_000
