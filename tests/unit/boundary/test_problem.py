"""Problems: bounded, whatever is wrong with a request."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.boundary.http import problem
from actionrelay.boundary.problem import MAX_PROBLEM_BYTES, problem_document
from actionrelay.errors import InvalidRequestError, MalformedJsonError
from actionrelay.fault import MAX_FAULTS, Fault

TEXTS = st.one_of(
    st.text(max_size=2_000), st.builds(lambda letter, n: letter * n, st.characters(), st.integers(0, 5_000))
)
FAULTS = st.builds(
    Fault,
    pointer=TEXTS,
    code=st.sampled_from(["schema", "cycle"]),
    detail=TEXTS,
    path=st.none() | st.lists(TEXTS, max_size=300).map(tuple),
)


@given(st.lists(FAULTS, min_size=1, max_size=5), st.integers(1, 400))
def test_any_list_of_faults_is_a_problem_of_bounded_size(some: list[Fault], times: int) -> None:
    faults = tuple(some * times)
    body = problem(InvalidRequestError(faults), "trace")["body"]
    assert len(body.encode("utf-8", "surrogatepass")) <= MAX_PROBLEM_BYTES
    document = json.loads(body)
    assert 1 <= len(document["errors"]) <= MAX_FAULTS
    if unlisted := len(faults) - len(document["errors"]):
        assert f"and {unlisted} more" in document["detail"]


@pytest.mark.parametrize("letter", ["x", "~", "€", "\N{GRINNING FACE}", "\x00", '"', "\\"])
def test_the_largest_faults_fit(letter: str) -> None:
    fault = Fault(letter * 9_000, "cycle", letter * 9_000, tuple([letter * 9_000] * 9_000))
    document = problem_document(InvalidRequestError((fault,) * 5_000), "trace")
    assert document["errors"]
    assert len(json.dumps(document, ensure_ascii=False).encode()) <= MAX_PROBLEM_BYTES


def test_a_long_message_is_cut() -> None:
    document = problem_document(MalformedJsonError("x" * 9_000), "trace")
    assert len(document["detail"]) < 1_000


def test_a_long_cycle_shows_its_beginning_and_its_end() -> None:
    names = tuple(f"n{number}" for number in range(500))
    [fault] = problem_document(InvalidRequestError((Fault("/a", "cycle", "d", names),)), "trace")["errors"]
    assert fault["path"][:2] == ["n0", "n1"]
    assert fault["path"][-2:] == ["…", "n499"]
