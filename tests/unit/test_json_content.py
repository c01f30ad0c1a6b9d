"""The form that identifies content: equal only for equal content, and unchanged for ordinary numbers."""

import json
from decimal import Decimal
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.json_content import content_form, content_form_of
from actionrelay.strict_json import canonical, parse

LITERALS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,24})\.[0-9]{1,24}(e-?(0|[1-9][0-9]{0,2}))?", fullmatch=True, alphabet="-0123456789.e"
).filter(lambda literal: isfinite(float(literal)))
ORDINARY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=2, max_value=10**12, min_value=-(10**12)).map(float)
    | st.text(max_size=20)
    | st.uuids().map(str),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=20,
)

DIFFERENT = [
    ('{"n":12345678901234567.891}', '{"n":12345678901234567.892}'),
    ("[0.1]", "[0.1000000000000000055511151231257827]"),
    ("[1e-400]", "[0.0]"),
    ("[1e-400]", "[1e-401]"),
    ("[4e-324]", "[5e-324]"),
    ("[1e-99999999999999999999]", "[0.0]"),
    ("[12345678901234567.891,12345678901234567.0]", "[12345678901234567.0,12345678901234567.891]"),
    ("[12345678901234567.891]", '["12345678901234567.891"]'),
    ("[12345678901234567.0]", "[12345678901234567]"),
    ('{"a":{"n":12345678901234567.891}}', '{"b":{"n":12345678901234567.891}}'),
    ("[1.5,12345678901234567.891]", "[2.5,12345678901234567.891]"),
]
SAME = [
    ('{"a":0.10000000000000001,"b":12345678901234567.891}', '{ "b": 12345678901234567.891, "a": 0.10000000000000001 }'),
    ("[1e2,12345678901234567.891]", "[100.0,12345678901234567.891]"),
    ("[0.1000000000000000000]", "[0.1]"),
    ("[1e-0400,1]", "[1e-0400, 1]"),
    ("[9007199254740992.0]", "[9.007199254740992e15]"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_numbers_beyond_a_double_are_kept_apart(one: str, other: str) -> None:
    assert content_form_of(one.encode()) != content_form_of(other.encode())


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_in_other_words_has_one_form(one: str, other: str) -> None:
    assert content_form_of(one.encode()) == content_form_of(other.encode())


@given(st.lists(LITERALS, min_size=1, max_size=4), st.lists(LITERALS, min_size=1, max_size=4))
def test_equal_forms_mean_equal_numbers(one: list[str], other: list[str]) -> None:
    forms = [content_form_of(f"[{','.join(literals)}]".encode()) for literals in (one, other)]
    if forms[0] == forms[1]:
        assert [Decimal(each) for each in one] == [Decimal(each) for each in other]


@given(LITERALS, LITERALS)
def test_numbers_of_one_double_have_two_forms(literal: str, digits: str) -> None:
    mantissa, exponent, power = literal.partition("e")
    longer = f"{mantissa}{'0' * 30}{digits.replace('-', '').replace('.', '').partition('e')[0]}1{exponent}{power}"
    assert content_form_of(f"[{literal}]".encode()) != content_form_of(f"[{longer}]".encode())


@given(ORDINARY)
def test_ordinary_content_keeps_its_form(document: Any) -> None:
    """So hashes of earlier releases still name what they named."""
    for text in (json.dumps(document).encode(), json.dumps(document, ensure_ascii=False, indent=1).encode()):
        assert content_form(parse(text), text) == content_form_of(text) == canonical(document)
