"""Cursors: any place can be written and read, and no text of a caller does harm."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.cursors import LONGEST_CURSOR, read_cursor, write_cursor

PLACES = st.lists(st.integers(-(2**70), 2**70) | st.text(max_size=20), max_size=5)


def encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@given(PLACES)
def test_any_place_survives_and_needs_no_escapes(place: list[str | int]) -> None:
    cursor = write_cursor(place)
    assert read_cursor(cursor) == place
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#%")


@given(
    st.text(max_size=30)
    | st.binary(max_size=30).map(bytes.hex)
    | st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5), st.lists, max_leaves=5
    ).map(encoded)
)
def test_any_text_is_a_place_or_none(text: str) -> None:
    place = read_cursor(text)
    assert place is None or all(type(value) in {str, int} for value in place)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("a" * (LONGEST_CURSOR + 1), id="too long"),
        pytest.param("WyJhIl0=", id="padded"),
        pytest.param("W1tbW1tb", id="no JSON"),
        pytest.param(encoded({"a": 1}), id="an object"),
        pytest.param(encoded([True]), id="a truth value"),
        pytest.param(encoded([1.5]), id="a fraction"),
        pytest.param(encoded([["a"]]), id="a list in it"),
        pytest.param(encoded([None]), id="null"),
        pytest.param(encoded(["\ud800"]), id="half a surrogate pair"),
        pytest.param(base64.urlsafe_b64encode(b"[" * 1_200).decode(), id="nested deep"),
        pytest.param(base64.urlsafe_b64encode(b"\xff\xfe").decode().rstrip("="), id="no UTF-8"),
    ],
)
def test_what_no_list_gave_out_is_no_place(text: str) -> None:
    assert read_cursor(text) is None
