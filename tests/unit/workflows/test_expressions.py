"""Callers' expressions: what is refused at submission, what one may cost, and what a missing value does."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.strict_json import canonical, parse
from actionrelay.workflows.expressions import (
    MAX_EXPRESSION_LENGTH,
    MAX_UNITS,
    Allowance,
    Expression,
    ExpressionFaultError,
)
from actionrelay.workflows.references import resolved

ORDERS: Any = {"orders": [{"id": "a", "total": 3}, {"id": "b", "total": 40}], "name": "Ada", "none": []}


def search(text: str, value: Any = ORDERS, allowance: Allowance | None = None) -> Any:
    return Expression.compile(text).search(value, allowance or Allowance())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("orders[].id", ["a", "b"]),
        ("orders[?total > `10`].id | [0]", "b"),
        ("sum(orders[].total)", 43),
        ("name == 'Ada'", True),
        ("orders[0] == {id: 'a', total: `3`}", True),
        ("contains(orders[].id, 'b')", True),
        ("sort_by(orders, &total)[-1].id", "b"),
        ("missing.path[3].of[*].nothing", None),
        ("name.first", None),
        ("none[0]", None),
    ],
)
def test_what_an_expression_finds(text: str, found: Any) -> None:
    assert search(text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orders[", "at character 8"),
        ("a b", "at character 3"),
        ("`1", "at character 1"),
        ("", "empty"),
        ("totals(@)", "totals()"),
        ("(" * 900, "nested"),
        ("|".join(["[@]"] * 60), "nested"),
        ("a" * (MAX_EXPRESSION_LENGTH + 1), "1001 characters"),
    ],
)
def test_what_is_no_expression_says_where(text: str, said: str) -> None:
    with pytest.raises(ExpressionFaultError, match=said.replace("(", r"\(").replace(")", r"\)")):
        Expression.compile(text)


@pytest.mark.parametrize("text", ["length(`1`)", "sum(orders[].id)", "join(',', orders)", "abs(name)", "max_by(@, &a)"])
def test_a_wrong_type_is_a_fault_without_the_value(text: str) -> None:
    with pytest.raises(ExpressionFaultError, match="takes") as fault:
        search(text)
    assert "Ada" not in str(fault.value)


DOUBLING = ["[@,@]", "[@,@][]", "{a:@,b:@}", "map(&[@,@],[@,@])", "[@,@][*]", "[[@,@],[@,@]]"]
AFTER = ["", "|to_string(@)", "|@==@", "|contains([@],@)", "|join(',',@)", "|length(to_string(@))", "|sort(@)"]


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("link", DOUBLING)
def test_what_doubles_with_each_link_ends_in_bounds(link: str, after: str) -> None:
    text = "|".join([link] * 20) + after
    allowance = Allowance(MAX_UNITS // 10)
    with pytest.raises(ExpressionFaultError):
        allowance.spend_on_all(search(text, list(range(1_000)), allowance))


@pytest.mark.parametrize("link", ["join('',[@,@])", "join(@,['a','b','c'])", "to_string([@,@])"])
def test_a_text_that_doubles_ends_in_bounds(link: str) -> None:
    with pytest.raises(ExpressionFaultError, match="more steps"):
        search("|".join([link] * 40), "text", Allowance(MAX_UNITS // 10))


@pytest.mark.parametrize(
    "text", ["[*].[*].[*]", "[?@ > `1`] | [?@ > `2`]", "sort(@)", "map(&to_string(@), @)", "@ == @"]
)
def test_no_expression_costs_more_than_its_allowance(text: str) -> None:
    allowance = Allowance(50_000)
    with pytest.raises(ExpressionFaultError, match="more steps"):
        search(text, list(range(60_000)), allowance)
    assert allowance.left > -200_000


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
WORDS = [
    "a",
    "b",
    "@",
    ".",
    "[]",
    "[*]",
    "[0]",
    "[?",
    "]",
    "|",
    "||",
    "&&",
    "!",
    "==",
    "<",
    "`1`",
    "'x'",
    "(",
    ")",
    ",",
]
CALLS = ["length(", "sort(", "sum(", "max_by(", "&", "merge(", "to_number(", "keys(", "values(", "join(", "not_null("]
NO_JSON = ["`1e400`", "to_number('nan')", "to_number('-Infinity')", "to_number('1e400')", "sum([`1e308`, `1e308`])"]
NO_JSON += [r'`"\ud83d"`', r'{"\ud83d": @}', "&a", "[&a]", f"to_number('{'9' * 400}')"]


@given(st.lists(st.sampled_from(WORDS + CALLS), max_size=8).map("".join), JSON)
def test_any_text_over_any_value_is_found_or_refused(text: str, value: Any) -> None:
    with suppress(ExpressionFaultError):
        search(text, value, Allowance(10_000))


def referred(path: str, value: Any = None) -> Any:
    return resolved({"x": {"$from": "a", "path": path}}, lambda _: value, Allowance(10_000))


@pytest.mark.parametrize("path", [*NO_JSON, *(f"{{a: [@, {path}]}}" for path in NO_JSON), "a"])
def test_what_is_no_json_is_a_fault(path: str) -> None:
    deep: Any = 0
    for _ in range(101):
        deep = [deep]
    with pytest.raises(ExpressionFaultError, match="yields"):
        referred(path, {"a": deep})


def test_a_result_that_is_no_json_is_a_fault_too() -> None:
    with pytest.raises(ExpressionFaultError, match="double"):
        resolved({"$from": "a"}, lambda _: [float("inf")], Allowance())


@given(st.lists(st.sampled_from(WORDS + CALLS + NO_JSON), max_size=8).map("".join), JSON)
def test_what_any_reference_comes_to_can_be_sent(path: str, value: Any) -> None:
    with suppress(ExpressionFaultError):
        found = referred(path, value)
        assert parse(canonical(found)) == found
