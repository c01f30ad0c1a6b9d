"""The name that was meant, however it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.likely_name import likely_name

KNOWN = ("actionId", "traceId", "webhookStatus")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("action_id", "actionId"),
        ("ACTION-ID", "actionId"),
        ("actoinId", "actionId"),
        ("webhook.status", "webhookStatus"),
        ("colour", None),
        ("", None),
    ],
)
def test_case_and_punctuation_do_not_matter(name: str, meant: str | None) -> None:
    assert likely_name(name, KNOWN) == meant


@given(st.text(), st.lists(st.text()))
def test_it_is_a_known_name_or_none(name: str, known: list[str]) -> None:
    assert likely_name(name, known) in {None, *known}


def test_only_the_beginning_of_a_name_is_compared() -> None:
    assert likely_name("a" * 64 + "b" * 500_000, ["a" * 64]) == "a" * 64
