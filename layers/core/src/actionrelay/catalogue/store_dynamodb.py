"""The catalogue in the executions table: an item for each action, the pages of two lists, and the state.

An action's item has its contract, compressed from at most 128 KB of JSON (``schema_limits``). A page has at most 100
entries. So items stay far below DynamoDB's 400 KB.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import Attribute, Item, attribute, key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.catalogue.action import Action, Entry, SchemaProblem
from actionrelay.catalogue.ports import CatalogueStore, Look
from actionrelay.catalogue.state import CatalogueState, Listed, Phase, Problem, Run
from actionrelay.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 8 * 86_400
"""How long an action is kept without being written again; readings write each one once a day."""
_STATE = key("catalogue#state", "state")
_TRIES = 3


@dataclass(frozen=True, slots=True)
class TableCatalogue(CatalogueStore):
    """A ``CatalogueStore``."""

    client: "DynamoDBClient"
    table: str

    @override
    def look(self, action_id: str) -> Look:
        """Read both items in one eventually consistent request: data half a second old does no harm here."""
        wanted: Any = {self.table: {"Keys": [_action_key(action_id), _STATE]}}
        found: dict[str, Mapping[str, Attribute]] = {}
        with failures_as(StoreUnavailableError, "the catalogue can't be read"):
            for _ in range(_TRIES):
                answer: Any = self.client.batch_get_item(RequestItems=wanted)
                found |= {item["sk"]["S"]: item for item in answer["Responses"].get(self.table, ())}
                wanted = answer.get("UnprocessedKeys")
                if not wanted:
                    return Look(_action(found.get("action")), _state(found.get("state")))
        raise StoreUnavailableError("the catalogue can't be read", aws_code="UnprocessedKeys")

    @override
    def state(self) -> CatalogueState:
        return _state(next(iter(self._query("catalogue#state", "state", "state")), None))

    @override
    def pages(self, slot: int, first: int, number: int) -> Sequence[Sequence[Entry]]:
        if number <= 0:
            return []
        items = self._query(f"catalogue#{slot}", _page(first), _page(first + number - 1))
        return [[Entry(**each) for each in _unpacked(item["entries"])] for item in items]

    @override
    def swap(self, before: CatalogueState, after: CatalogueState) -> CatalogueState | None:
        written = asdict(after) | {"version": before.version + 1}
        text = json.dumps(written)
        with failures_as(StoreUnavailableError, "the catalogue can't be written"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item={
                        **_STATE,
                        "state": attribute(text),
                        "version": attribute(before.version + 1),
                    },
                    ConditionExpression="attribute_not_exists(pk) OR version = :before",
                    ExpressionAttributeValues={":before": attribute(before.version)},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise
                response: Mapping[str, Any] = failure.response
                there = response.get("Item", {}).get("state", {}).get("S")
                if there != text:  # otherwise it is our own write, whose response was lost
                    return None
        return _state_of(json.loads(text))

    @override
    def put_page(self, slot: int, number: int, entries: Sequence[Entry]) -> None:
        packed = _packed([asdict(entry) for entry in entries])
        self._put({**key(f"catalogue#{slot}", _page(number)), "entries": attribute(packed)})

    @override
    def put_action(self, action: Action, now: int) -> None:
        document = {
            "entry": asdict(action.entry),
            "input": action.input_schema,
            "output": action.output_schema,
            "problem": action.problem,
        }
        self._put(
            {
                **_action_key(action.entry.action_id),
                "action": attribute(_packed(document)),
                "expires_at": attribute(now // 1_000 + KEPT_SECONDS),
            }
        )

    @override
    def put_gone(self, action_id: str, now: int) -> None:
        self._put({**_action_key(action_id), "expires_at": attribute(now // 1_000)})

    def _put(self, item: Item) -> None:
        with failures_as(StoreUnavailableError, "the catalogue can't be written"):
            self.client.put_item(TableName=self.table, Item=item)

    def _query(self, partition: str, first: str, last: str) -> list[Mapping[str, Attribute]]:
        items: list[Mapping[str, Attribute]] = []
        place: dict[str, Any] = {}
        with failures_as(StoreUnavailableError, "the catalogue can't be read"):
            while True:
                answer: Any = self.client.query(
                    TableName=self.table,
                    KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                    ExpressionAttributeValues={
                        ":pk": attribute(partition),
                        ":first": attribute(first),
                        ":last": attribute(last),
                    },
                    ConsistentRead=True,
                    **place,
                )
                items.extend(answer["Items"])
                if "LastEvaluatedKey" not in answer:
                    return items
                place = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _action_key(action_id: str) -> Item:
    return key(f"action#{action_id}", "action")


def _page(number: int) -> str:
    return f"page#{number:04d}"


def _packed(document: Any) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), 9)


def _unpacked(given: Attribute) -> Any:
    return json.loads(zlib.decompress(given["B"]))


def _action(item: Mapping[str, Attribute] | None) -> Action | None:
    if item is None or "action" not in item:
        return None
    document = _unpacked(item["action"])
    problem = document["problem"]
    return Action(
        Entry(**document["entry"]),
        document["input"],
        document["output"],
        None if problem is None else SchemaProblem(problem),
    )


def _state(item: Mapping[str, Attribute] | None) -> CatalogueState:
    return CatalogueState() if item is None else _state_of(json.loads(item["state"]["S"]))


def _state_of(document: Mapping[str, Any]) -> CatalogueState:
    run, problem = document["run"], document["problem"]
    known = {name: value for name, value in document.items() if name not in {"listed", "run", "problem"}}
    return CatalogueState(
        listed=Listed(**document["listed"]),
        run=None if run is None else Run(**{**run, "phase": Phase(run["phase"])}),
        problem=None if problem is None else Problem(problem),
        **known,
    )
