"""The rate gate in the executions table: one item that all workers share, changed on condition of its version.

A worker remembers the state that it saw last and writes on top of it, so a question that nobody else came before costs
one request. A worker that was too late learns the state from the refusal itself
(``ReturnValuesOnConditionCheckFailure``), and nothing is ever read. What is remembered can't let anybody through: only
a write that was accepted does.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.gate.ports import GateGauge, RateGate
from actionrelay.gate.rate import BatchPermits, Crowd, Decision, GateState, Rate, pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES = 5
_CONTENDED = Decision(opens_in=1_000)
_KEY = key("gate#genesys", "gate")


@dataclass(slots=True)
class TableRateGate(RateGate):
    """A ``RateGate`` over all workers. Threads of one process take turns, which spares the table their quarrels."""

    client: "DynamoDBClient"
    table: str
    rate: Rate
    _seen: GateState = field(default_factory=GateState, repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @override
    def for_batch(self, size: int, newcomers: int) -> BatchPermits:
        return BatchPermits(self.ask, self.pause, Crowd(size - newcomers, newcomers))

    def ask(self, now: int, crowd: Crowd) -> Decision:
        """Let through as many as can be, and give the others a place in a line.

        Too many quarrels over the item count as a refusal: the gate fails closed.

        Raises:
            StoreUnavailableError: nobody was let through. The permits may be used up all the same.
        """
        decision = _CONTENDED

        def rule(state: GateState) -> GateState:
            nonlocal decision
            after, decision = self.rate.decide(state, now, crowd)
            return after

        return decision if self._change(rule) else _CONTENDED

    @override
    def pause(self, until: int) -> None:
        """Stop all workers until then; where others keep writing, the next 429 tries again.

        Raises:
            StoreUnavailableError: nobody was stopped, or everybody was.
        """
        self._change(lambda state: pause(state, until))

    def _change(self, rule: Callable[[GateState], GateState]) -> bool:
        with self._turn, failures_as(StoreUnavailableError, "the rate gate can't be used"):
            for _ in range(_TRIES):
                after = rule(self._seen)
                if after == self._seen:
                    return True
                stored = self._write(self._seen, after)
                self._seen = stored
                if stored is after:
                    return True
        return False

    def _write(self, before: GateState, after: GateState) -> GateState:
        """Write ``after`` where nobody has written since ``before``, and return what is there now."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={**_KEY, **_attributes(after)},
                ConditionExpression="attribute_not_exists(pk) OR version = :before",
                ExpressionAttributeValues={":before": {"N": str(before.version)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as failure:
            if aws_code(failure) != "ConditionalCheckFailedException":
                raise
            response: Mapping[str, Any] = failure.response
            return _state(response.get("Item") or _attributes(GateState()))
        return after


@dataclass(frozen=True, slots=True)
class TableGateGauge(GateGauge):
    """A ``GateGauge`` of the same item."""

    client: "DynamoDBClient"
    table: str

    @override
    def paused_until(self) -> int:
        with failures_as(StoreUnavailableError, "the rate gate can't be read"):
            # A query, as for a record: the role of who looks at the gate grants no read of one item.
            answer = self.client.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": _KEY["pk"]},
                ConsistentRead=True,
            )
        return max((_state(item).paused_until for item in answer["Items"]), default=0)


def _attributes(state: GateState) -> dict[str, Any]:
    return {
        "busy_until": {"N": _milliseconds(state.used_until_us)},
        "line_until": {"N": _milliseconds(state.line_until_us)},
        "returns_until": {"N": _milliseconds(state.returns_until_us)},
        "paused_until": {"N": str(state.paused_until)},
        "version": {"N": str(state.version)},
    }


def _state(item: Mapping[str, Any]) -> GateState:
    return GateState(
        used_until_us=_microseconds(item["busy_until"]["N"]),
        line_until_us=_microseconds(item["line_until"]["N"]),
        returns_until_us=_microseconds(item.get("returns_until", {"N": "0"})["N"]),
        paused_until=int(item["paused_until"]["N"]),
        version=int(item["version"]["N"]),
    )


def _milliseconds(microseconds: int) -> str:
    """Return a time as the table has all of them, in ms; the fraction is exact."""
    return str(Decimal(microseconds) / 1_000)


def _microseconds(milliseconds: str) -> int:
    return int(Decimal(milliseconds) * 1_000)
