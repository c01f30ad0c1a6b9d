"""Workflows in the executions table, one partition each, and the index that lists them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import Attribute, Item, attribute, key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import AlreadyRecordedError, RecordUnreadableError, StaleWriteError, StoreUnavailableError
from actionrelay.ledger.records_dynamodb import RecordItems
from actionrelay.workflows.items_dynamodb import accepted_item, read_run, read_step, run_item, step_item
from actionrelay.workflows.ports import Listed, Records, WorkflowIndex, WorkflowStore
from actionrelay.workflows.run import Run, StepRecord

_ACCEPTED, _RUN, _STEP = "workflow", "run", "step#"
_INDEX = "by_workflow_day"
_TRIES = 3
"""How often a request may return none of its items before the table counts as unavailable."""
_RECORDS_AT_ONCE = 50
"""Two items each; a request may name 100."""
_WITHOUT_DEFINITION = {
    "#pk": "pk",
    "#sk": "sk",
    "#created_at": "created_at",
    "#trace_id": "trace_id",
    "#deadline_at": "deadline_at",
    "#status": "status",
    "#version": "version",
    "#detail": "detail",
}


@dataclass(frozen=True, slots=True)
class WorkflowsTable(RecordItems, WorkflowStore, WorkflowIndex):
    """A ``WorkflowStore`` and a ``WorkflowIndex`` in one DynamoDB table."""

    @override
    def create(self, run: Run) -> None:
        if not self.put_acceptance({**key(_name(run.workflow_id), _ACCEPTED), **accepted_item(run)}):
            raise AlreadyRecordedError("this id is taken", workflow_id=run.workflow_id)

    @override
    def load(self, workflow_id: str) -> Records | None:
        """Read one partition: 100 steps of 100 items are about 40 KB, 10 read units."""
        found = {item["sk"]["S"]: item for item in self._items(workflow_id)}
        return _read(workflow_id, found)

    @override
    def save(self, run: Run) -> None:
        self._replace(run, {**key(_name(run.workflow_id), _RUN), **run_item(run)}, first=2)

    @override
    def save_step(self, run: Run, step: StepRecord) -> None:
        self._replace(run, {**key(_name(run.workflow_id), _STEP + step.name), **step_item(run, step)}, first=1)

    @override
    def release(self, run: Run, step: StepRecord, dependency: str) -> StepRecord:
        """Remove an element from a set: one write, however many workers do so at once."""
        if step.version == 0:
            first = replace(step, awaits=step.awaits - {dependency}, version=1)
            try:
                self.save_step(run, first)
            except StaleWriteError:
                pass  # another worker was first, perhaps with another dependency
            else:
                return first
        with failures_as(StoreUnavailableError, "the table can't be written"):
            try:
                answer = self.client.update_item(
                    TableName=self.table,
                    Key=key(_name(run.workflow_id), _STEP + step.name),
                    UpdateExpression="DELETE awaits :dependency ADD version :one",
                    ConditionExpression="created_at = :created_at",
                    ExpressionAttributeValues={
                        ":dependency": {"SS": [dependency]},
                        ":one": attribute(1),
                        ":created_at": attribute(run.created_at),
                    },
                    ReturnValues="ALL_NEW",
                )
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise
                raise StaleWriteError("the step is another workflow's", workflow_id=run.workflow_id) from None
        return read_step(step.name, answer["Attributes"])

    @override
    def of_day(self, day: str, since: int, before: Listed | None, limit: int) -> Sequence[Listed]:
        until = before.created_at if before else 2**53
        found: list[Listed] = []
        begin: dict[str, Any] = {}
        while len(found) < limit:
            with failures_as(StoreUnavailableError, f"the index {_INDEX} can't be read"):
                answer: Any = self.client.query(
                    TableName=self.table,
                    IndexName=_INDEX,
                    KeyConditionExpression="workflow_day = :day AND created_at BETWEEN :from AND :to",
                    ExpressionAttributeValues={
                        ":day": attribute(day),
                        ":from": attribute(min(since, until)),
                        ":to": attribute(until),
                    },
                    ScanIndexForward=False,
                    Limit=limit + 1,
                    **begin,
                )
            places = [
                Listed(int(item["created_at"]["N"]), item["pk"]["S"].partition("#")[2]) for item in answer["Items"]
            ]
            found.extend(place for place in places if before is None or place < before)
            if "LastEvaluatedKey" not in answer:
                break
            begin = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return sorted(found, reverse=True)[:limit]

    @override
    def read(self, workflow_ids: Sequence[str]) -> Mapping[str, Run]:
        found: dict[str, dict[str, Item]] = {}
        for start in range(0, len(workflow_ids), _RECORDS_AT_ONCE):
            some = workflow_ids[start : start + _RECORDS_AT_ONCE]
            for item in self._batch([key(_name(each), part) for each in some for part in (_ACCEPTED, _RUN)]):
                found.setdefault(item["pk"]["S"].partition("#")[2], {})[item["sk"]["S"]] = item
        records = ((name, _read(name, items)) for name, items in found.items())
        return {name: each.run for name, each in records if each is not None}

    def _items(self, workflow_id: str) -> Iterable[Item]:
        begin: dict[str, Any] = {}
        while True:
            with failures_as(StoreUnavailableError, "the table can't be read"):
                answer: Any = self.client.query(
                    TableName=self.table,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": attribute(_name(workflow_id))},
                    ConsistentRead=True,
                    **begin,
                )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            begin = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _batch(self, keys: Sequence[Item]) -> Iterable[Item]:
        wanted, in_vain = list(keys), 0
        while wanted:
            with failures_as(StoreUnavailableError, "the table can't be read"):
                answer: Any = self.client.batch_get_item(
                    RequestItems={
                        self.table: {
                            "Keys": wanted,
                            "ProjectionExpression": ", ".join(_WITHOUT_DEFINITION),
                            "ExpressionAttributeNames": _WITHOUT_DEFINITION,
                        }
                    }
                )
            yield from answer["Responses"].get(self.table, ())
            left = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
            in_vain = in_vain + 1 if len(left) == len(wanted) else 0
            if in_vain == _TRIES:
                raise StoreUnavailableError("the table answers none of what it is asked", aws_code="UnprocessedKeys")
            wanted = left

    def _replace(self, run: Run, item: Item, *, first: int) -> None:
        if not self.put_version(item, first=first):
            raise StaleWriteError("another writer was first", workflow_id=run.workflow_id)


def _read(workflow_id: str, items: Mapping[str, Mapping[str, Attribute]]) -> Records | None:
    """Build a workflow from its items; those of an older workflow with this id are ignored."""
    accepted = items.get(_ACCEPTED)
    if accepted is None:
        return None
    own = {sk: item for sk, item in items.items() if item["created_at"] == accepted["created_at"]}
    try:
        run = read_run(workflow_id, accepted, own.get(_RUN))
        names = {sk: sk.removeprefix(_STEP) for sk in own if sk.startswith(_STEP)}
        return Records(run, {name: read_step(name, own[sk]) for sk, name in names.items()})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RecordUnreadableError("the record can't be read", workflow_id=workflow_id) from None


def _name(workflow_id: str) -> str:
    return f"workflow#{workflow_id}"
