"""The rate gate in the executions table: one item that all workers share, changed on condition of its version."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.aws.table import key
from actionrelay.errors import StoreUnavailableError
from actionrelay.rate import BatchPermits, Decision, GateState, Rate, pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES = 5
_CONTENDED = Decision(granted=False, opens_in=1_000)
_KEY = key("gate#genesys", "gate")


@dataclass(frozen=True, slots=True)
class TableRateGate:
    """A ``RateGate`` over all workers. Threads of one process take turns, which spares the table their quarrels."""

    client: "DynamoDBClient"
    table: str
    rate: Rate
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def for_batch(self, size: int) -> BatchPermits:
        """Return a gate for one batch, that asks this one once for all of its messages."""
        return BatchPermits(self.ask, self.pause, size)

    def take(self, now: int, *, waited: bool = False) -> int:
        """Take one permit, as a batch of one."""
        return self.for_batch(1).take(now, waited=waited)

    def ask(self, now: int, count: int) -> Decision:
        """Let ``count`` messages through, or give each a place in the line.

        Too many quarrels over the item count as a refusal: the gate fails closed.
        """
        decision = _CONTENDED

        def rule(state: GateState) -> GateState:
            nonlocal decision
            through = self.rate.take(state, now, count)
            if through is not None:
                decision = Decision(granted=True)
                return through
            in_line, waits = self.rate.line_up(state, now, count)
            decision = Decision(granted=False, waits=waits, opens_in=math.ceil(self.rate.opens_at(state)) - now)
            return in_line

        return decision if self._change(rule) else _CONTENDED

    def pause(self, until: int) -> None:
        """Stop all workers until then; where others keep writing, the next 429 tries again."""
        self._change(lambda state: pause(state, until))

    def _change(self, rule: Callable[[GateState], GateState]) -> bool:
        with self._turn, failures_as(StoreUnavailableError, "the rate gate can't be used"):
            for _ in range(_TRIES):
                before = self._read()
                after = rule(before)
                if after == before or self._write(before, after):
                    return True
        return False

    def _read(self) -> GateState:
        answer = self.client.get_item(TableName=self.table, Key=_KEY, ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return GateState()
        return GateState(
            busy_until=float(item["busy_until"]["N"]),
            line_until=float(item["line_until"]["N"]),
            paused_until=int(item["paused_until"]["N"]),
            version=int(item["version"]["N"]),
        )

    def _write(self, before: GateState, after: GateState) -> bool:
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **_KEY,
                    "busy_until": {"N": f"{after.busy_until:.3f}"},
                    "line_until": {"N": f"{after.line_until:.3f}"},
                    "paused_until": {"N": str(after.paused_until)},
                    "version": {"N": str(after.version)},
                },
                ConditionExpression="attribute_not_exists(pk) OR version = :before",
                ExpressionAttributeValues={":before": {"N": str(before.version)}},
            )
        except ClientError as failure:
            if aws_code(failure) == "ConditionalCheckFailedException":
                return False
            raise
        return True
