"""Reading is tolerant, and loses nothing."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay_client import json_text
from actionrelay_client.documents import Action, AuditTrail, Batch, Execution, Health, Metrics, Workflow

KINDS = [Action, AuditTrail, Batch, Execution, Health, Metrics, Workflow]
NAMES = [*("executionId", "status", "error", "attempts", "createdAt", "results", "steps", "entries", "checks")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner, max_size=3),
)


@given(st.sampled_from(KINDS), JSON)
def test_any_document_can_be_read(kind: type[Execution], document: object) -> None:
    found = kind.of(document)
    assert found.document == (document if isinstance(document, dict) else {})
    assert dataclasses.is_dataclass(found)
    assert repr(found)


def test_a_document_can_not_be_changed() -> None:
    found = Execution.of({"status": "queued"})
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.status = "completed"  # type: ignore[misc]


def test_what_is_missing_has_its_default() -> None:
    found = Execution.of({"executionId": "x", "attempts": None, "createdAt": "yesterday", "error": "text"})
    assert (found.attempts, found.created_at, found.error, found.more) == (0, None, None, {})


def test_counts_may_be_written_as_decimals() -> None:
    assert Execution.of({"attempts": Decimal("2.0"), "latencyMs": Decimal("2.5")}).attempts == 2
    assert Execution.of({"latencyMs": Decimal("2.5")}).latency_ms is None
    assert Execution.of({"latencyMs": Decimal("1e999999999")}).latency_ms is None


@given(JSON)
def test_json_is_read_as_it_was_written(value: object) -> None:
    assert json_text.read(json_text.to_text(value)) == value


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "NaN", "[Infinity]", "[" * 100_000, "{", "", "1e999", "1" * 400])
def test_json_with_two_meanings_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is the parser's
        json_text.read(text, strict=True)
