"""The indexes of both tables, as an ``ExecutionIndex``: each question is one range of one index, read by key alone.

``by_day`` of the audit table has the day as its hash and ``<actionId>#<time>#<executionId>`` as its range, so one
action's part of a day is one range; ``by_time`` has the time alone, so a day is one range however many actions it has.
The other indexes are sparse and belong to the executions table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, override

from actionrelay.aws.attributes import Attribute, Item, attribute
from actionrelay.aws.clients import failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.find.ports import ExecutionIndex, IndexPage, Position, Span
from actionrelay.ledger.audit_entry import is_rejection
from actionrelay.ledger.execution import Execution, Status
from actionrelay.ledger.executions_dynamodb import read_record, record_keys, record_name
from actionrelay.ledger.items_dynamodb import UNDELIVERED, WITHOUT_PAYLOADS
from actionrelay.timestamps import iso, read_iso

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_RECORDS_AT_ONCE = 50
"""Two items each; a request may name 100."""
_TRIES = 3
"""How often a request may return none of its items before the table counts as unavailable."""
_ENTRIES_AT_ONCE = 200
"""Entries to read of a day, at least, since refused requests are among them: five read units at 200 bytes each."""
_NAMES = {f"#{number}": name for number, name in enumerate(sorted(WITHOUT_PAYLOADS))}


@dataclass(frozen=True, slots=True)
class TableIndexes(ExecutionIndex):
    """An ``ExecutionIndex`` over the executions table and the audit table."""

    client: "DynamoDBClient"
    executions_table: str
    audit_table: str

    @override
    def of_day(self, day: str, span: Span, limit: int) -> IndexPage:
        """Positions of one day. Entries of refused requests are among those of executions and are skipped."""
        page = self._by_time("by_time", day, span, max(limit + 1, _ENTRIES_AT_ONCE))
        *_, last = page.positions or (None,)
        kept = [each for each in page.positions if not is_rejection(each.execution_id) or each == last]
        return IndexPage(tuple(kept[:limit]), page.more or len(kept) > limit)

    @override
    def of_action(self, action_id: str, day: str, span: Span, limit: int) -> IndexPage:
        if span.is_empty:
            return IndexPage()
        highest = f"{action_id}#{iso(span.before.created_at)}#{_just_below(span.before.execution_id)}"
        answer = self._query(self.audit_table, "by_day", day, (f"{action_id}#{iso(span.since)}", highest), limit)
        return IndexPage(tuple(_opened(item) for item in answer["Items"]), "LastEvaluatedKey" in answer)

    @override
    def ended_as(self, status: Status, span: Span, limit: int) -> IndexPage:
        return self._by_time("by_status", status, span, limit)

    @override
    def undelivered(self, span: Span, limit: int) -> IndexPage:
        return self._by_time("by_undelivered", UNDELIVERED, span, limit)

    @override
    def traced(self, trace_id: str, span: Span, limit: int) -> IndexPage:
        return self._by_time("by_trace", trace_id, span, limit)

    @override
    def read(self, execution_ids: Sequence[str]) -> Mapping[str, Execution]:
        """Read records without requests and results (an eventually consistent read)."""
        ids = list(dict.fromkeys(execution_ids))
        found: dict[str, Execution] = {}
        for start in range(0, len(ids), _RECORDS_AT_ONCE):
            some = ids[start : start + _RECORDS_AT_ONCE]
            items = self._items(some)
            read = ((each, read_record(each, items.get(record_name(each), ()))) for each in some)
            found.update((execution_id, execution) for execution_id, execution in read if execution is not None)
        return found

    def _by_time(self, index: str, value: str, span: Span, limit: int) -> IndexPage:
        """Read a range of an index by ms, only whole ms, since the index has no order within one."""
        table, at = (self.audit_table, _written) if index == "by_time" else (self.executions_table, _accepted)
        if span.is_empty:
            return IndexPage()
        positions: list[Position] = []
        begin: dict[str, Any] = {}
        while True:
            reach = (span.since, span.before.created_at)
            # One more than requested, to see where the last ms ends.
            answer = self._query(table, index, value, reach, limit + 1, **begin)
            positions.extend(at(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return _below(span.before, positions, more=False)
            if whole := [each for each in positions if each.created_at > positions[-1].created_at]:
                page = _below(span.before, whole, more=True)
                if page.positions:
                    return page
            begin = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _query(
        self, table: str, index: str, value: str, reach: tuple[str, str] | tuple[int, int], limit: int, **more: Any
    ) -> Mapping[str, Any]:
        """Query an index once, newest first."""
        partition, order = _KEYS[index]
        with failures_as(StoreUnavailableError, f"the index {index} can't be read"):
            return self.client.query(
                TableName=table,
                IndexName=index,
                KeyConditionExpression="#partition = :partition AND #order BETWEEN :from AND :to",
                ExpressionAttributeNames={"#partition": partition, "#order": order},
                ExpressionAttributeValues={
                    ":partition": attribute(value),
                    ":from": attribute(reach[0]),
                    ":to": attribute(reach[1]),
                },
                ScanIndexForward=False,
                Limit=limit,
                **more,
            )

    def _items(self, execution_ids: Sequence[str]) -> Mapping[str, list[Item]]:
        """Read the items of records, by partition; requests again what a response left out."""
        wanted = [each for execution_id in execution_ids for each in record_keys(execution_id)]
        found: dict[str, list[Item]] = {}
        in_vain = 0
        while wanted:
            with failures_as(StoreUnavailableError, "the table can't be read"):
                answer: Any = self.client.batch_get_item(
                    RequestItems={
                        self.executions_table: {
                            "Keys": wanted,
                            "ProjectionExpression": ", ".join(_NAMES),
                            "ExpressionAttributeNames": _NAMES,
                        }
                    }
                )
            for item in answer["Responses"].get(self.executions_table, ()):
                found.setdefault(item["pk"]["S"], []).append(item)
            left = answer.get("UnprocessedKeys", {}).get(self.executions_table, {}).get("Keys", [])
            in_vain = in_vain + 1 if len(left) == len(wanted) else 0
            if in_vain == _TRIES:
                raise StoreUnavailableError("the table answers none of what it is asked", aws_code="UnprocessedKeys")
            wanted = left
        return found


_KEYS = {
    "by_day": ("dayOpened", "openedAt"),
    "by_time": ("dayOpened", "timestamp"),
    "by_status": ("endedAs", "created_at"),
    "by_undelivered": ("undelivered", "created_at"),
    "by_trace": ("trace", "created_at"),
}


def _just_below(execution_id: str) -> str:
    """Return the highest text below an id, since a range in DynamoDB includes both ends."""
    return execution_id and f"{execution_id[:-1]}{chr(ord(execution_id[-1]) - 1)}\uffff"


def _opened(item: Mapping[str, Attribute]) -> Position:
    """Read an entry of ``by_day``."""
    _, time, execution_id = item["openedAt"]["S"].split("#", 2)
    return Position(read_iso(time), execution_id)


def _written(item: Mapping[str, Attribute]) -> Position:
    """Read an entry of ``by_time``: an entry that opens a day is alone in its item."""
    return Position(int(item["timestamp"]["N"]), item["executionId"]["S"])


def _accepted(item: Mapping[str, Attribute]) -> Position:
    """Read an entry of an index by ``created_at``."""
    return Position(int(item["created_at"]["N"]), item["pk"]["S"].partition("#")[2])


def _below(before: Position, positions: Sequence[Position], *, more: bool) -> IndexPage:
    return IndexPage(tuple(sorted((each for each in positions if each < before), reverse=True)), more)
