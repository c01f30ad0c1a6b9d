"""JSON with one meaning."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import MalformedJsonError
from actionrelay.strict_json import (
    MAX_NESTING,
    MAX_PATHS_REPORTED,
    Json,
    NestingTooDeepError,
    canonical,
    measured,
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
        (b"1" + b"0" * 400, "too large for a double"),
        (b"[-1" + b"0" * 400 + b"]", "too large for a double"),
        (b"", "line 1, column 1"),
        (b"{} {}", "line 1, column 4"),
        (b"\xef\xbb\xbf{}", "line 1, column 1"),
        (b"{'a':1}", "line 1, column 2"),
        (b"[1,]", "line 1, column"),
        (b"01", "line 1, column 2"),
    ],
)
def test_json_of_more_than_one_meaning_is_refused_by_name(raw: bytes, complaint: str) -> None:
    with pytest.raises(MalformedJsonError, match=complaint):
        parse(raw)


members = st.lists(st.tuples(st.sampled_from(["a", "b", "b:", 'c"', "d\\", "e f"]), st.sampled_from([1, '":', "x :"])))
spaces = st.sampled_from(["", " ", "\n\t", "\r"])


@given(st.lists(members, min_size=20, max_size=30), spaces, spaces)
def test_a_key_twice_is_found_among_many_objects(objects: list[list[tuple[str, Any]]], before: str, after: str) -> None:
    texts = (
        ",".join(f"{json.dumps(key)}{before}:{after}{json.dumps(value)}" for key, value in each) for each in objects
    )
    raw = f"[{','.join(f'{{{text}}}' for text in texts)}]".encode()
    if all(len({key for key, _ in each}) == len(each) for each in objects):
        assert parse(raw) == [dict(each) for each in objects]
    else:
        with pytest.raises(MalformedJsonError, match="occurs twice"):
            parse(raw)


@pytest.mark.parametrize("key", ["a", "\\u0061", "a:", "é"])
def test_a_key_twice_is_found_below_many_others(key: str) -> None:
    deep = f'{{"{key}": 1, "{key}": 2}}'
    for _ in range(30):
        deep = f'[{{"a": {deep}, "b": []}}]'
    with pytest.raises(MalformedJsonError, match="occurs twice"):
        parse(deep.encode())


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_endless_nesting_is_refused_and_not_followed(opening: bytes) -> None:
    with pytest.raises(NestingTooDeepError):
        parse(opening * 100_000)


NESTS: list[Callable[[int], bytes]] = [
    lambda levels: b"[" * levels + b"1" + b"]" * levels,
    lambda levels: b'{"a":' * levels + b"null" + b"}" * levels,
    lambda levels: b"[" * (levels + 1) + b"]" * (levels + 1),
]


@pytest.mark.parametrize("nest", NESTS, ids=["lists", "objects", "empty"])
def test_a_hundred_levels_are_read_and_one_more_is_not(
    nest: Callable[[int], bytes],
) -> None:
    assert MAX_NESTING == 100
    assert parse(nest(MAX_NESTING)) == json.loads(nest(MAX_NESTING))
    with pytest.raises(NestingTooDeepError, match="nested more than 100 levels deep"):
        parse(nest(MAX_NESTING + 1))


def test_depth_counts_whatever_the_breadth() -> None:
    wide = b"[" + b"[[]]," * 1_000
    assert isinstance(parse(wide + b"0]"), list)
    with pytest.raises(NestingTooDeepError):
        parse(wide + b"[" * 101 + b"]" * 101 + b"]")


@pytest.mark.parametrize("number", [2**63, -(10**308), 17 * 10**307])
def test_a_large_integer_is_kept_to_the_digit(number: int) -> None:
    assert parse(str(number).encode()) == number


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert parse(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@given(documents)
def test_a_canonical_document_parses_to_the_same(document: Any) -> None:
    again = parse(canonical(document))
    assert again == document
    assert canonical(again) == canonical(document)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(document: dict[str, int]) -> None:
    turned: dict[str, Json] = dict(reversed(document.items()))
    assert canonical(turned) == canonical(dict(document))


def test_a_number_has_one_canonical_form() -> None:
    assert canonical(parse(b"1e2")) == canonical(parse(b"100.0")) == b"100.0"


def test_canonical_one_and_one_point_nought_and_true_differ() -> None:
    assert len({canonical(parse(raw)) for raw in (b"1", b"1.0", b"true", b'"1"')}) == 4


def test_canonical_letters_outside_ascii_are_utf_8() -> None:
    assert canonical({"ü": "é"}) == '{"ü":"é"}'.encode()


@pytest.mark.parametrize(
    ("steps", "expected"),
    [((), ""), (("a", 0), "/a/0"), (("a/b", "m~n"), "/a~1b/m~0n"), (("",), "/"), (("~1",), "/~01")],
)
def test_a_pointer_follows_rfc_6901(steps: tuple[str | int, ...], expected: str) -> None:
    assert pointer(*steps) == expected


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
def test_the_depth_limit_is_exact(document: Json, paths: tuple[tuple[str | int, ...], ...]) -> None:
    assert paths_below(document, 5) == paths


def test_only_the_first_values_too_deep_are_named() -> None:
    wide: Json = [[list(range(100))]]
    assert len(paths_below(wide, 2)) == MAX_PATHS_REPORTED


def deepest(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((1 + deepest(child) for child in children), default=0)


@given(documents, st.integers(0, 4))
def test_the_measured_depth_agrees_with_brute_force(document: Any, limit: int) -> None:
    assert bool(paths_below(document, limit)) == (deepest(document) > limit)


@given(documents, st.integers(0, 30))
def test_what_is_measured_is_never_less_than_the_depth(document: Any, brackets_in_texts: int) -> None:
    document = [document, [[{}]] * 20, "[{" * brackets_in_texts]
    found = measured(canonical(document))
    assert found.document == document
    # An empty object or array counts as a level, and nothing is in it.
    assert deepest(document) <= found.most_levels <= deepest(document) + 1


@given(documents)
def test_of_few_brackets_no_more_nest_than_there_are(document: Any) -> None:
    raw = canonical(document)
    assert deepest(document) <= measured(raw).most_levels <= raw.count(b"[") + raw.count(b"{")


def test_a_plain_document_reads_like_the_standard_library() -> None:
    raw = b'{"a":[1,2.5,true,null,"x"],"b":{}}'
    assert parse(raw) == json.loads(raw)
