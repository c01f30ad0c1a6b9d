"""Counts at the SDK: every HTTP request that botocore sends, retries too, and the capacity that each consumes."""

import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from botocore.hooks import BaseEventHooks

from benchmarks.cost.capacity import Item, Table, item_bytes, read_units

_PARAMETERS = "actionrelay_benchmark_parameters"
_CONDITION_FAILED = "ConditionalCheckFailedException"


class UnknownCapacityError(Exception):
    """A DynamoDB operation whose capacity this meter does not know; the sum would be wrong without it."""


class Meter:
    """Listens to all clients that a session makes from now on. Handlers run in threads, so it takes turns."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._turn = threading.Lock()
        self.requests: Counter[str] = Counter()
        """By service and operation, `dynamodb:PutItem`."""
        self.write_units: Counter[str] = Counter()
        """By what was written, `<kind of item>` or `<table> <index>`."""
        self.read_units: defaultdict[str, float] = defaultdict(float)

    def attach(self, events: BaseEventHooks) -> None:
        """Listen to a session by its events."""
        events.register("before-send", self._sent)
        events.register("before-parameter-build.dynamodb", self._asked)
        events.register("after-call.dynamodb", self._answered)

    def reset(self) -> None:
        """Start counting at 0 again; what the tables hold stays known."""
        with self._turn:
            self.requests.clear()
            self.write_units.clear()
            self.read_units.clear()

    def _sent(self, event_name: str, **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        with self._turn:
            self.requests[f"{service.replace('-', '')}:{operation}"] += 1

    def _asked(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context[_PARAMETERS] = params

    def _answered(self, model: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        asked = context[_PARAMETERS]
        code = parsed.get("Error", {}).get("Code")
        with self._turn:
            if (model.name, code) == ("TransactWriteItems", None):
                for each in asked["TransactItems"]:
                    self._in_transaction(each)
                return
            table = self._tables[asked["TableName"]]
            match model.name, code:
                case "PutItem", None:
                    self._write(table, asked["Item"], table.put(asked["Item"]))
                case "PutItem", failure if failure == _CONDITION_FAILED:
                    self._write(table, asked["Item"], table.refused(asked["Item"]))
                case "UpdateItem", None:
                    self._write(table, asked["Key"], table.update(asked["Key"], _changed(asked), writes=1))
                case "GetItem", None:
                    found: Item = parsed.get("Item", {})
                    units = read_units(item_bytes(found), consistent=asked.get("ConsistentRead", False))
                    self.read_units[_kind(asked["Key"], table)] += units
                case "Query", None:
                    partition = asked["ExpressionAttributeValues"][":pk"]
                    units = read_units(
                        sum(map(item_bytes, parsed["Items"])), consistent=asked.get("ConsistentRead", False)
                    )
                    self.read_units[_kind({table.keys[0]: partition}, table)] += units
                case "GetItem" | "PutItem" | "UpdateItem" | "Query", _:
                    pass  # refused before it was carried out
                case _:
                    raise UnknownCapacityError(model.name)

    def _in_transaction(self, asked: Mapping[str, Any]) -> None:
        [(kind, write)] = asked.items()
        table = self._tables[write["TableName"]]
        match kind:
            case "Update":
                self._write(table, write["Key"], table.update(write["Key"], _changed(write)))
            case "Put":
                twice = {where: 2 * units for where, units in table.put(write["Item"]).items()}
                self._write(table, write["Item"], twice)
            case _:
                raise UnknownCapacityError(f"TransactWriteItems, {kind}")

    def _write(self, table: Table, item: Item, units: Mapping[str, int]) -> None:
        for where, amount in units.items():
            what = _kind(item, table)
            self.write_units[what if where == table.name else f"{what}, index {where.rpartition(' ')[2]}"] += amount


def _changed(update: Mapping[str, Any]) -> Item:
    """Read the attributes that an `UpdateItem` adds to or sets; for their size any value of their type does."""
    names = dict(update.get("ExpressionAttributeNames", {}))
    words = update["UpdateExpression"].replace(",", " ").replace("=", " ").split()
    pairs = itertools.pairwise(words)
    values = update["ExpressionAttributeValues"]
    return {names.get(name, name): values[value] for name, value in pairs if value in values}


def _kind(item: Item, table: Table) -> str:
    """Name what an item is: the word before # in its key, `audit` in the audit table."""
    first = str(next(iter(item[table.keys[0]].values())))
    return first.partition("#")[0] if table.keys[0] == "pk" else "audit"
