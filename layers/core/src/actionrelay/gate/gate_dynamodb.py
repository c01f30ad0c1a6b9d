"""The rate gate in the executions table: one item that all workers share, changed on condition of its version.

A worker remembers the state that it saw last and writes on top of it, so without contention a question costs one
request. A refused write returns the present state (``ReturnValuesOnConditionCheckFailure``). While other workers write
between its questions, a worker reads the item before it writes: a read costs a fifth of a refused write. Only an
accepted write grants permits, never a remembered or read state.
"""

import json
import string
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.gate.batch import BatchPermits
from actionrelay.gate.outlook import view_of
from actionrelay.gate.ports import Ask, GateGauge, GateView, RateGate
from actionrelay.gate.rate import FlowState, GateState, Lease, Log, pause
from actionrelay.gate.turns import Crowd, Decision, Sharing
from actionrelay.lanes import Flow, Lane

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES = 5
_BUSY = 3
"""From a third of the highest number in flight on, messages may wait for an action to end."""
_LOOKS = 8
"""After so many reads in a row that find nothing new, a worker writes without reading first."""
_CONTENDED = Decision(opens_in=1_000)
_KEY = key("gate#genesys", "gate")
_DIGITS = string.digits + string.ascii_letters
"""One digit for each count of the log: a slot has at most 38 permits, at 10,000 a minute."""


@dataclass(slots=True)
class TableRateGate(RateGate):
    """A ``RateGate`` over all workers. Threads of one process take turns, so that they don't contend for the item."""

    client: "DynamoDBClient"
    table: str
    sharing: Sharing
    _seen: GateState = field(default_factory=GateState, repr=False)
    _looks: int = field(default=0, repr=False)
    """How many more questions begin with a read: another worker wrote in between recently."""
    _ended: list[tuple[int, int]] = field(default_factory=list, repr=False)
    """Leases, each with how many of its actions are left, that are not in the table yet."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @override
    def for_batch(self, asks: Sequence[Ask]) -> BatchPermits:
        return BatchPermits(self.ask, self.pause, self.release, asks)

    def ask(self, now: int, crowd: Crowd, ends_at: int = 0) -> Decision:
        """Grant the permits that are available, and give the other messages a place in a line.

        After too many refused writes no permit is granted: the gate fails closed.

        Raises:
            StoreUnavailableError: no permit was granted. Permits may be used up all the same.
        """
        decision = _CONTENDED

        def rule(state: GateState) -> GateState:
            nonlocal decision
            after, decision = self.sharing.decide(state, now, crowd, ends_at)
            return after

        return decision if self._change(rule) else _CONTENDED

    @override
    def pause(self, until: int) -> None:
        """Stop all workers until then. If other workers keep writing, the next 429 tries again.

        Raises:
            StoreUnavailableError: it is not known whether they were stopped.
        """
        self._change(lambda state: pause(state, until))

    def release(self, lease: int, left: int) -> None:
        """Record that only ``left`` actions of a lease are still under way.

        It is written with the next question, or at once while many actions are under way, since messages may wait for
        it. A release that can't be written expires with its lease.
        """
        with self._lock:
            self._ended.append((lease, left))
            under_way = sum(each.actions for each in self._seen.leases)
        if under_way * _BUSY >= self.sharing.max_in_flight:
            with suppress(StoreUnavailableError):
                self._change(lambda state: state)

    def _change(self, rule: Callable[[GateState], GateState]) -> bool:
        with self._lock, failures_as(StoreUnavailableError, "the rate gate can't be used"):
            ended = tuple(self._ended)
            if self._looks:
                self._look()
            for _ in range(_TRIES):
                after = rule(_without(self._seen, ended))
                if after == self._seen:
                    return True
                stored = self._write(self._seen, after)
                self._seen = stored
                if stored is after:
                    self._ended = self._ended[len(ended) :]
                    return True
                self._looks = _LOOKS
        return False

    def _look(self) -> None:
        """Read the state, and learn whether another worker had written."""
        answer = self.client.get_item(TableName=self.table, Key=_KEY, ConsistentRead=True)
        stored = _state(answer["Item"]) if "Item" in answer else GateState()
        self._looks = self._looks - 1 if stored.version == self._seen.version else _LOOKS
        self._seen = stored

    def _write(self, before: GateState, after: GateState) -> GateState:
        """Write ``after`` if the item is still at ``before``; return the state that is there now."""
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
    def look(self, now: int) -> GateView:
        with failures_as(StoreUnavailableError, "the rate gate can't be read"):
            # A query, as for a record: this role may not get single items.
            answer = self.client.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": _KEY["pk"]},
                ConsistentRead=True,
            )
        return view_of(next(map(_state, answer["Items"]), GateState()), now)


def _without(state: GateState, ended: Sequence[tuple[int, int]]) -> GateState:
    """Return the state without the actions that have ended, for leases that are still there."""
    there = {lease.number for lease in state.leases}
    for number, left in ended:
        if number in there:
            state = state.released(number, left)
    return state


def _attributes(state: GateState) -> dict[str, Any]:
    line_until = max((each.line_until_us for each in state.flows), default=0)
    return {
        "busy_until": {"N": _milliseconds(state.used_until_us)},
        # Of the longest line, for releases before lanes and for people.
        "line_until": {"N": _milliseconds(line_until)},
        "paused_until": {"N": str(state.paused_until)},
        "lane_lead": {"N": str(state.lane_lead)},
        "flows": {"S": _text([_row(each) for each in state.flows])},
        "leases": {"S": _text([[each.number, each.until, each.actions] for each in state.leases])},
        "log": {"S": f"{state.log.first}#{''.join(map(_DIGITS.__getitem__, state.log.counts))}"},
        "version": {"N": str(state.version)},
    }


def _row(each: FlowState) -> list[str | int]:
    return [each.flow.lane.value, each.flow.caller, each.served, each.line_until_us, each.returns_until_us]


def _text(rows: list[list[Any]]) -> str:
    return json.dumps(rows, separators=(",", ":"))


def _state(item: Mapping[str, Any]) -> GateState:
    return GateState(
        used_until_us=_microseconds(item["busy_until"]["N"]),
        paused_until=int(item["paused_until"]["N"]),
        lane_lead=int(item.get("lane_lead", {"N": "0"})["N"]),
        flows=_flows(item),
        leases=tuple(Lease(*row) for row in json.loads(item.get("leases", {"S": "[]"})["S"])),
        log=_log(item.get("log", {"S": "0#"})["S"]),
        version=int(item["version"]["N"]),
    )


def _log(text: str) -> Log:
    first, _, counts = text.partition("#")
    return Log(int(first), tuple(map(_DIGITS.index, counts)))


def _flows(item: Mapping[str, Any]) -> tuple[FlowState, ...]:
    if "flows" not in item:  # a release before lanes: one line for all
        ends = (item.get(name, {"N": "0"})["N"] for name in ("line_until", "returns_until"))
        return (FlowState(Flow(), 0, *map(_microseconds, ends)),)
    return tuple(
        FlowState(Flow(Lane(lane), caller), served, line_until_us, returns_until_us)
        for lane, caller, served, line_until_us, returns_until_us in json.loads(item["flows"]["S"])
    )


def _milliseconds(microseconds: int) -> str:
    """Return a time in ms, as all times in the table are, with its exact fraction."""
    return str(Decimal(microseconds) / 1_000)


def _microseconds(milliseconds: str) -> int:
    return int(Decimal(milliseconds) * 1_000)
