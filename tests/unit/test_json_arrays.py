"""Text is scanned without its arrays as it is with them: the same is JSON, and its members are the same."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actionrelay import json_arrays
from actionrelay.errors import MalformedJsonError
from actionrelay.json_text import _BOUNDS, _SOUND, MANY_ARRAYS, every_member, sound

STRINGS = st.text(st.sampled_from('ab[]{}",:\\\n\t é😀\ud800'), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=12,
)
TOKENS = st.lists(
    st.sampled_from(["[", "]", "{", "}", ",", ":", '"', "\\", '"a[b"', '""', "1", "1e999", "NaN", " ", "\n", "true"]),
    max_size=14,
).map("".join)


def is_json(text: str) -> bool:
    try:
        _SOUND.decode(text)
    except json.JSONDecodeError:
        return False
    return True


def written(value: Any, *, escaped: bool, spaced: bool) -> str:
    return json.dumps(value, ensure_ascii=escaped, indent=1 if spaced else None)


@given(VALUES, st.booleans(), st.booleans())
def test_what_is_json_is_json_without_arrays(value: Any, escaped: bool, spaced: bool) -> None:
    text = written(value, escaped=escaped, spaced=spaced)
    assert is_json(json_arrays.without_arrays(text)) is is_json(text)


@given(TOKENS)
@example('["abc[')
@example('"\\u00[][]"')
@example('{"a":1]')
@example("[1}")
@example("{[1]:2}")
@example('"\\[" [')
@example('{"":[1]}]')
def test_any_text_is_json_or_not_as_before(text: str) -> None:
    assert is_json(json_arrays.without_arrays(text)) is is_json(text)


@given(VALUES, st.integers(0, 60), st.sampled_from(["", "[", "]", '"', "\\", ",", "{"]))
def test_a_mutated_text_is_json_or_not_as_before(value: Any, place: int, put: str) -> None:
    text = json.dumps(value)
    changed = text[:place] + put + text[place + 1 :]
    assert is_json(json_arrays.without_arrays(changed)) is is_json(changed)


@given(st.dictionaries(STRINGS, VALUES, max_size=5), st.booleans(), st.booleans())
def test_members_are_the_same(value: Any, escaped: bool, spaced: bool) -> None:
    text = written(value, escaped=escaped, spaced=spaced)
    assert json_arrays.members(text, _BOUNDS.scan_once) == every_member(text)


def test_equal_keys_stay_two() -> None:
    text = ' { "a[" : [ 1 , "]" ] , "a[" : [] , "b" : {"c":[[]]} } '
    assert json_arrays.members(text, _BOUNDS.scan_once) == every_member(text)
    assert [key for key, _ in every_member(text)] == ["a[", "a[", "b"]


MANY = "[" + "[1]," * (MANY_ARRAYS + 1) + '"]"]'


def test_a_text_with_many_arrays_is_read_like_any_other() -> None:
    assert sound(MANY) == (MANY, frozenset())
    assert every_member(f'{{"result":{MANY},"status":"completed"}}') == [("result", MANY), ("status", '"completed"')]
    text, flaws = sound(MANY.replace("[1]", "[1e999]", 1))
    assert text.startswith('[["1e999"],')
    assert flaws == {"huge_numbers"}
    with pytest.raises(MalformedJsonError):
        sound(MANY[:-1])


def test_arrays_leave_nothing_behind() -> None:
    nested = "[" + ("[" * 60 + "]" * 60 + ",") * 4_000 + "0]"
    tracemalloc.start()
    try:
        sound(nested)
        every_member(f'{{"result":{nested}}}')
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 15 * len(nested), "their lists alone would be 44 times the text"
