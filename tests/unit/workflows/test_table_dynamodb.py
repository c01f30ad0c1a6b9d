"""Workflows in DynamoDB: what is written can be read, and the largest run is far below the limits."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import AlreadyRecordedError, StaleWriteError
from actionrelay.ledger.execution import Delivery, ExecutionError, PayloadRef, WebhookStatus
from actionrelay.workflows.items_dynamodb import (
    accepted_item,
    read_run,
    read_step,
    run_item,
    step_item,
)
from actionrelay.workflows.run import Item, Renewal, Run, StepRecord, StepState, Stop, WorkflowStatus, token
from actionrelay.workflows.table_dynamodb import WorkflowsTable
from benchmarks.cost.capacity import item_bytes
from tests.fakes.aws import FakeDynamoDb
from tests.fakes.chance import NOON
from tests.fakes.flows import WORKFLOW_ID

ITEM_LIMIT = 400 * 1_024

names = st.text("abcXYZ019_-", min_size=1, max_size=64)
times = st.integers(0, 2**42)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
refs = st.builds(PayloadRef, texts, times, texts)
errors = st.builds(ExecutionError, texts, texts, st.none() | st.integers(100, 599), st.none() | texts)
runs = st.builds(
    Run,
    *(
        st.just(WORKFLOW_ID),
        texts,
        texts,
        st.builds(PayloadRef, texts, times, texts, st.none() | st.binary(max_size=40)),
    ),
    *(st.none() | texts, texts, times, times),
    caller=st.none() | texts,
    acceptance_id=texts,
    status=st.sampled_from(WorkflowStatus),
    settled_at=st.none() | times,
    stop=st.none() | st.sampled_from(Stop),
    error=st.none() | errors,
    round=times,
    renewed=st.dictionaries(names, st.sampled_from(Renewal), max_size=3),
    actor=st.none() | texts,
    delivery=st.builds(Delivery, st.sampled_from(WebhookStatus), times, st.none() | times, times),
    version=times,
)
steps = st.builds(
    StepRecord,
    names,
    st.frozensets(st.builds(token, names, st.integers(1, 9)), max_size=3),
    state=st.sampled_from(StepState),
    run=st.integers(1, 99),
    round=times,
    items=st.none() | st.lists(st.builds(Item, st.sampled_from(StepState), st.integers(1, 99)), max_size=5).map(tuple),
    result=st.none() | refs,
    error=st.none() | errors,
    started_at=st.none() | times,
    completed_at=st.none() | times,
    item_failed_at=st.none() | times,
    version=times,
)


def a_run(**changes: Any) -> Run:
    definition = PayloadRef("definition", 2, "digest", b"{}")
    return replace(Run(WORKFLOW_ID, WORKFLOW_ID, "hash", definition, None, "interactive", NOON, NOON + 1), **changes)


def table(dynamodb: FakeDynamoDb) -> WorkflowsTable:
    return WorkflowsTable(dynamodb, "executions", retention_days=30)  # type: ignore[arg-type]


@given(runs)
def test_any_workflow_reads_back_the_same(run: Run) -> None:
    assert read_run(WORKFLOW_ID, accepted_item(run), run_item(run)) == run


@given(steps)
def test_any_step_reads_back_the_same(step: StepRecord) -> None:
    assert read_step(step.name, step_item(a_run(), step)) == step


def test_a_workflow_is_created_once() -> None:
    workflows = table(FakeDynamoDb())
    workflows.create(a_run())
    with pytest.raises(AlreadyRecordedError):
        workflows.create(a_run())


def test_each_write_wants_the_version_before() -> None:
    workflows = table(FakeDynamoDb())
    run, step = a_run(), StepRecord("a", version=1)
    workflows.create(run)
    workflows.save(replace(run, version=2))
    workflows.save_step(run, step)
    workflows.save_step(run, replace(step, version=2))
    with pytest.raises(StaleWriteError):
        workflows.save(replace(run, version=2))
    with pytest.raises(StaleWriteError):
        workflows.save_step(run, replace(step, version=2))


def test_the_largest_run_is_far_below_the_limits() -> None:
    awaited = frozenset(token(f"{number:064}", 1) for number in range(99))
    plain = StepRecord("n" * 64, awaited, error=ExecutionError("code", "é" * 300), started_at=NOON, completed_at=NOON)
    items = tuple(Item(StepState.COMPLETED, 1) for _ in range(100))
    fan = StepRecord("n" * 64, items=items, result=PayloadRef("k" * 200, 5_000_000, "d" * 64), started_at=NOON)
    renewed = {f"{number:064}": Renewal.FAILED_ITEMS for number in range(100)}
    whole = a_run(renewed=renewed, webhook_url="https://" + "h" * 2_000, error=ExecutionError("code", "x" * 300))
    sizes = [item_bytes(each) for each in (step_item(whole, plain), step_item(whole, fan), run_item(whole))]
    assert max(sizes) < ITEM_LIMIT / 30
    # As one answer of DynamoDB has it: 91 steps that wait for all others, and nine of a hundred items.
    assert 91 * sizes[0] + 9 * sizes[1] + sizes[2] < 1_024 * 1_024
    assert json.dumps(sizes)
