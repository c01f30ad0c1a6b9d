"""How records are spelled as DynamoDB items: one attribute per fact that a condition or a person looks at.

Absent means None, so items stay small. What only travels along (a reference, an outcome, audit
entries that are owed) is one JSON string per part.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from actionrelay.models import (
    Attempt,
    AuditEntry,
    CacheStatus,
    Execution,
    ExecutionError,
    Outcome,
    PayloadRef,
    Status,
    WebhookStatus,
)

type Attribute = Mapping[str, Any]
type Item = dict[str, Attribute]

_JSON_PARTS = frozenset({"request", "attempt", "outcome", "pending_audit"})
_ENUMS = {"status": Status, "webhook_status": WebhookStatus, "cache_status": CacheStatus}


def execution_item(execution: Execution) -> Item:
    """Spell an execution, without its keys."""
    item: Item = {}
    for field in fields(execution):
        value = getattr(execution, field.name)
        if value is None or value == ():
            continue
        item[field.name] = _attribute(_part(value) if field.name in _JSON_PARTS else value)
    return item


def read_execution(item: Mapping[str, Attribute]) -> Execution:
    """Read an execution back."""
    values: dict[str, Any] = {}
    for field in fields(Execution):
        if field.name in item:
            values[field.name] = _value(item[field.name])
    for name, kind in _ENUMS.items():
        values[name] = kind(values[name])
    values["request"] = read_ref(values["request"])
    if "attempt" in values:
        values["attempt"] = Attempt(**json.loads(values["attempt"]))
    if "outcome" in values:
        values["outcome"] = _read_outcome(json.loads(values["outcome"]))
    if "pending_audit" in values:
        entries = json.loads(values["pending_audit"])
        values["pending_audit"] = tuple(AuditEntry(**entry) for entry in entries)
    values.setdefault("cache_key", None)
    values.setdefault("webhook_url", None)
    return Execution(**values)


def entry_item(entry: AuditEntry) -> Item:
    """Spell an audit entry, key attributes included."""
    return {_camel(name): _attribute(value) for name, value in asdict(entry).items() if value is not None}


def read_entry(item: Mapping[str, Attribute]) -> AuditEntry:
    """Read an audit entry back."""
    values: dict[str, Any] = {
        field.name: _value(item[_camel(field.name)]) for field in fields(AuditEntry) if _camel(field.name) in item
    }
    return AuditEntry(**values)


def spell_ref(ref: PayloadRef) -> str:
    """Spell a payload reference."""
    return _part(ref)


def read_ref(text: str) -> PayloadRef:
    """Read a payload reference back."""
    return _ref(json.loads(text))


def _part(value: Any) -> str:
    document = [asdict(entry) for entry in value] if isinstance(value, tuple) else asdict(value)
    return json.dumps(_slim(document), separators=(",", ":"))


def _slim(value: Any) -> Any:
    """Leave out what is None, and carry bytes as base64."""
    match value:
        case dict():
            return {key: _slim(item) for key, item in value.items() if item is not None}
        case list():
            return [_slim(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode()
    return value


def _ref(document: dict[str, Any]) -> PayloadRef:
    inline = document.pop("inline", None)
    return PayloadRef(**document, inline=None if inline is None else base64.b64decode(inline))


def _read_outcome(document: dict[str, Any]) -> Outcome:
    result, error = document.get("result"), document.get("error")
    return Outcome(
        Status(document["status"]),
        result=None if result is None else _ref(result),
        error=None if error is None else ExecutionError(**error),
    )


def _attribute(value: str | float | bool) -> Attribute:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": str(value)}
    return {"S": str(value)}


def _value(attribute: Attribute) -> str | int | float | bool:
    [(kind, value)] = attribute.items()
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else float(value)
    return value  # type: ignore[no-any-return]  # S is str, BOOL is bool


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
