"""JSON with one meaning."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import MalformedJsonError
from actionrelay.strict_json import (
    MAX_PATHS_REPORTED,
    Json,
    NestingTooDeepError,
    canonical,
    parse,
    paths_below,
    pointer,
)

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b'{"a":1,"a":2}', '"a" occurs twice'),
        (b'{"x":{"a":1,"b":2,"a":1}}', '"a" occurs twice'),
        (b'{"a":1,"\\u0061":2}', '"a" occurs twice'),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"1e999", "too large for a double"),
        (b"-1e999", "too large for a double"),
        (b'"\\ud800"', "half of a surrogate pair"),
        (b'{"\\udfff":1}', "half of a surrogate pair"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"1" * 5_000, "too many digits"),
        (b"", "line 1, column 1"),
        (b"{} {}", "line 1, column 4"),
        (b"\xef\xbb\xbf{}", "line 1, column 1"),
        (b"{'a':1}", "line 1, column 2"),
        (b"[1,]", "line 1, column"),
        (b"01", "line 1, column 2"),
    ],
)
def test_given_json_of_more_than_one_meaning_when_parsed_then_it_is_refused_by_name(raw: bytes, complaint: str) -> None:
    with pytest.raises(MalformedJsonError, match=complaint):
        parse(raw)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_given_nesting_without_end_when_parsed_then_it_is_refused_and_not_followed(opening: bytes) -> None:
    with pytest.raises(NestingTooDeepError):
        parse(opening * 100_000)


def test_given_a_whole_surrogate_pair_when_parsed_then_it_is_one_character() -> None:
    assert parse(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@given(documents)
def test_given_any_document_when_spelled_canonically_and_parsed_then_it_is_the_same(document: Any) -> None:
    again = parse(canonical(document))
    assert again == document
    assert canonical(again) == canonical(document)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_given_the_same_keys_in_another_order_when_spelled_then_it_is_one_spelling(document: dict[str, int]) -> None:
    turned: dict[str, Json] = dict(reversed(document.items()))
    assert canonical(turned) == canonical(dict(document))


def test_given_one_number_spelled_twice_when_canonical_then_it_is_one_spelling() -> None:
    assert canonical(parse(b"1e2")) == canonical(parse(b"100.0")) == b"100.0"


def test_given_one_and_one_point_nought_and_true_when_canonical_then_they_stay_apart() -> None:
    assert len({canonical(parse(raw)) for raw in (b"1", b"1.0", b"true", b'"1"')}) == 4


def test_given_letters_outside_ascii_when_canonical_then_they_are_utf_8() -> None:
    assert canonical({"ü": "é"}) == '{"ü":"é"}'.encode()


@pytest.mark.parametrize(
    ("steps", "spelling"),
    [((), ""), (("a", 0), "/a/0"), (("a/b", "m~n"), "/a~1b/m~0n"), (("",), "/"), (("~1",), "/~01")],
)
def test_given_steps_when_spelled_as_a_pointer_then_rfc_6901_holds(steps: tuple[str | int, ...], spelling: str) -> None:
    assert pointer(*steps) == spelling


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, ()),
        ({"a": {"b": {"c": {"d": {"e": {}}}}}}, ()),
        ({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, (("a", "b", "c", "d", "e", "f"),)),
        ([[[[[1]]]]], ()),
        ([[[[[[1]]]]]], ((0, 0, 0, 0, 0, 0),)),
        ({"a": [{"b": [{"c": 1}]}]}, ()),
        ({"a": [{"b": [{"c": [7]}]}]}, (("a", 0, "b", 0, "c", 0),)),
        ({"a": [[[[{"x": {"y": 1}}]]]]}, (("a", 0, 0, 0, 0, "x"),)),
    ],
)
def test_given_a_limit_of_five_when_measured_then_five_steps_pass_and_the_sixth_does_not(
    document: Json, paths: tuple[tuple[str | int, ...], ...]
) -> None:
    assert paths_below(document, 5) == paths


def test_given_many_values_too_deep_when_measured_then_only_the_first_are_named() -> None:
    wide: Json = [[list(range(100))]]
    assert len(paths_below(wide, 2)) == MAX_PATHS_REPORTED


@given(documents, st.integers(0, 4))
def test_given_any_document_when_measured_then_a_brute_force_walk_agrees(document: Any, limit: int) -> None:
    def deepest(value: Any) -> int:
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return max((1 + deepest(child) for child in children), default=0)

    assert bool(paths_below(document, limit)) == (deepest(document) > limit)


def test_given_a_plain_document_when_parsed_then_it_reads_like_the_standard_library() -> None:
    raw = b'{"a":[1,2.5,true,null,"x"],"b":{}}'
    assert parse(raw) == json.loads(raw)
