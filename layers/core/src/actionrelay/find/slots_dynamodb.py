"""The slots of waiting requests: one item of the executions table, changed on condition of its version."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.find.ports import WaitSlots
from actionrelay.find.slots import Slot, Slots
from actionrelay.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES = 4
_KEY = key("wait#slots", "slots")


@dataclass(slots=True)
class TableWaitSlots(WaitSlots):
    """``WaitSlots`` over all functions. A request that loses too many conditional writes gets none."""

    client: "DynamoDBClient"
    table: str
    most: int
    """The number of slots."""
    clock: Clock
    _seen: Slots = field(default_factory=Slots, repr=False)

    @override
    def take(self, caller: str, until: int) -> int | None:
        if not self.most:
            return None
        with failures_as(StoreUnavailableError, "the slots of those that wait can't be used"):
            seen = self._read()
            for _ in range(_TRIES):
                after = seen.take(self.most, caller, self.clock.now(), until)
                if after is None:
                    return None
                seen = self._write(seen, after)
                if seen is after:
                    self._seen = after
                    return after.version
        return None

    @override
    def release(self, slot: int) -> None:
        """Free a slot; a release that can't be written expires with its lease."""
        with suppress(StoreUnavailableError), failures_as(StoreUnavailableError, "a slot can't be freed"):
            seen = self._seen
            for _ in range(_TRIES):
                after = seen.without(slot)
                if after is seen:
                    return
                seen = self._write(seen, after)
                if seen is after:
                    return

    def _read(self) -> Slots:
        # A query, since the functions' roles allow no GetItem here.
        answer = self.client.query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": _KEY["pk"]},
            ConsistentRead=True,
        )
        return next(map(_slots, answer["Items"]), Slots())

    def _write(self, before: Slots, after: Slots) -> Slots:
        """Write ``after`` unless another function wrote since ``before``; return the stored state."""
        rows = [[each.number, each.caller, each.until] for each in after.taken]
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **_KEY,
                    "slots": {"S": json.dumps(rows, separators=(",", ":"))},
                    "version": {"N": str(after.version)},
                },
                ConditionExpression="attribute_not_exists(pk) OR version = :before",
                ExpressionAttributeValues={":before": {"N": str(before.version)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as failure:
            if aws_code(failure) != "ConditionalCheckFailedException":
                raise
            response: Mapping[str, Any] = failure.response
            return _slots(response["Item"]) if "Item" in response else Slots()
        return after


def _slots(item: Mapping[str, Any]) -> Slots:
    taken = tuple(Slot(*row) for row in json.loads(item["slots"]["S"]))
    return Slots(taken, int(item["version"]["N"]))
