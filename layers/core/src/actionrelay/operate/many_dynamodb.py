"""Decisions about many in the executions table: one item each, and one for each finished part."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import Attribute, Item, attribute, key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger.execution import PayloadRef
from actionrelay.operate.ports import DecisionStore, ManyDecision, PartDone
from actionrelay.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DECISION, _PART = "decision", "part#"
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class TableDecisions(DecisionStore):
    """A ``DecisionStore``. A decision is kept as long as executions are."""

    client: "DynamoDBClient"
    table: str
    retention_days: int
    clock: Clock

    @override
    def create(self, decision: ManyDecision) -> None:
        item: Item = {
            **key(_partition(decision.decision_id), _DECISION),
            "requested_at": attribute(decision.requested_at),
            "matched": attribute(decision.matched),
            "expires_at": attribute(self._expires_at(decision)),
        }
        if decision.actor is not None:
            item["actor"] = attribute(decision.actor)
        for name, ref in (("body", decision.body), ("executions", decision.executions)):
            item[name] = attribute(json.dumps({"key": ref.key, "size": ref.size, "digest": ref.digest}))
            if ref.inline is not None:
                item[f"{name}_bytes"] = attribute(ref.inline)
        self._put(item)

    @override
    def load(self, decision_id: str) -> ManyDecision | None:
        """Read all items of a decision in one request: it has at most 40 small parts."""
        with failures_as(StoreUnavailableError, "the table can't be read"):
            answer: Any = self.client.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": attribute(_partition(decision_id))},
                ConsistentRead=True,
            )
        items: dict[str, Mapping[str, Attribute]] = {item["sk"]["S"]: item for item in answer["Items"]}
        item = items.get(_DECISION)
        if item is None or int(item["expires_at"]["N"]) * 1_000 <= self.clock.now():
            return None
        return ManyDecision(
            decision_id=decision_id,
            actor=item["actor"]["S"] if "actor" in item else None,
            requested_at=int(item["requested_at"]["N"]),
            body=_ref(item, "body"),
            executions=_ref(item, "executions"),
            matched=int(item["matched"]["N"]),
            done={
                int(name.removeprefix(_PART)): PartDone(int(part["decided"]["N"]), int(part["refused"]["N"]))
                for name, part in items.items()
                if name.startswith(_PART)
            },
        )

    @override
    def finish_part(self, decision: ManyDecision, part: int, done: PartDone) -> None:
        self._put(
            {
                **key(_partition(decision.decision_id), f"{_PART}{part}"),
                "decided": attribute(done.decided),
                "refused": attribute(done.refused),
                "expires_at": attribute(self._expires_at(decision)),
            }
        )

    def _put(self, item: Item) -> None:
        """Put an item unless it exists, for example because the response to this write was lost."""
        with failures_as(StoreUnavailableError, "the table can't be written"):
            try:
                self.client.put_item(TableName=self.table, Item=item, ConditionExpression="attribute_not_exists(pk)")
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise

    def _expires_at(self, decision: ManyDecision) -> int:
        return decision.requested_at // 1_000 + self.retention_days * _SECONDS_PER_DAY


def _partition(decision_id: str) -> str:
    return f"decision#{decision_id}"


def _ref(item: Mapping[str, Attribute], name: str) -> PayloadRef:
    inline = item.get(f"{name}_bytes")
    return PayloadRef(**json.loads(item[name]["S"]), inline=None if inline is None else inline["B"])
