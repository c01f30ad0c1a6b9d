"""How an execution is stored as two DynamoDB items: what was accepted, written once, and its current state.

A write costs by the size of its item. So what no step changes (the request foremost) is in one item that is written
at acceptance, and each step writes the other, small one. What a condition or a person looks at is an attribute; the
rest is one compressed JSON, ``detail``, without what is absent, usual, or known from elsewhere in the record.
"""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, astuple, fields
from enum import StrEnum
from typing import Any

from actionrelay.aws.attributes import Attribute, Item, attribute, value_of
from actionrelay.aws.detail import packed, unpacked
from actionrelay.fault import Fault
from actionrelay.lanes import Lane
from actionrelay.ledger.audit_entry import AuditHead
from actionrelay.ledger.entries_dynamodb import read_chain, write_chain
from actionrelay.ledger.execution import (
    INDEXED_ENDS,
    Attempt,
    CacheStatus,
    Delivery,
    Execution,
    ExecutionError,
    LearnedDefault,
    Outcome,
    PayloadRef,
    Status,
    WebhookStatus,
    WorkflowPlace,
)

ACCEPTED_FIELDS = frozenset(
    {
        "execution_id",
        "action_id",
        "trace_id",
        "content_hash",
        "request",
        "timeout_ms",
        "cache_key",
        "webhook_url",
        "repeatable",
        "created_at",
        "cache_status",
        "idempotent",
        "references",
        "acceptance_id",
        "audit_kept_days",
        "lane",
        "caller",
        "workflow",
        "defaults",
        "warnings",
    }
)
"""What no step of the ledger changes."""

_PAYLOADS = ("request", "references")
"""Parts of a request, whose bytes are attributes of their own where they are small."""
_ACCEPTED_ATTRIBUTES = ("action_id", "trace_id", "created_at")
_LEDGER_ATTRIBUTES = (
    *("status", "webhook_status", "version", "attempts", "created_at", "updated_at"),
    *("audit_seq", "audit_hash", "action_id"),
)
"""``action_id`` is repeated for those that see a step alone, as the counters do."""
WITHOUT_PAYLOADS = frozenset({"pk", "sk", *_ACCEPTED_ATTRIBUTES, *_LEDGER_ATTRIBUTES, "detail"})
"""The attributes of a record except for the bytes of its request and its result."""
UNDELIVERED = "failed"
_DELIVERY = {
    "webhook_status": "status",
    "delivery_attempts": "attempts",
    "deliver_at": "next_at",
    "redeliveries": "repeats",
}
_AUDIT = {"audit_seq": "seq", "audit_hash": "hash", "audit_day": "day", "pending_audit": "owed"}
"""What items call the parts of a delivery, and of the end of the audit's chain."""
_DEFAULTS = (
    {field.name: None if field.default is MISSING else field.default for field in fields(Execution)}
    | {name: getattr(Delivery(), part) for name, part in _DELIVERY.items()}
    | {name: getattr(AuditHead(), part) for name, part in _AUDIT.items()}
)
del _DEFAULTS["delivery"], _DEFAULTS["audit"]
_ENUMS: Mapping[str, type[StrEnum]] = {
    "status": Status,
    "webhook_status": WebhookStatus,
    "cache_status": CacheStatus,
    "lane": Lane,
}
STORED_FIELDS = frozenset(_DEFAULTS)
"""Every part of a record, as items name it."""
_STEP_FIELDS = STORED_FIELDS - ACCEPTED_FIELDS


def accepted_item(execution: Execution) -> Item:
    """Return the item of a whole record as it is first written, without its keys.

    ``trace`` is the key of an index. Where the caller gave no trace id it is the execution's own, which needs none.
    """
    item = _item(execution, ACCEPTED_FIELDS | _STEP_FIELDS, _ACCEPTED_ATTRIBUTES)
    if execution.trace_id != execution.execution_id:
        item["trace"] = attribute(execution.trace_id)
    return item


def ledger_item(execution: Execution) -> Item:
    """Return the item of what a step may have changed, without keys; ``created_at`` says of which acceptance.

    ``endedAs`` and ``undelivered`` are the keys of two indexes, and there alone where those hold the execution.
    """
    item = _item(execution, _STEP_FIELDS, _LEDGER_ATTRIBUTES)
    if execution.status in INDEXED_ENDS and not execution.acknowledged:
        item["endedAs"] = attribute(execution.status)
    if execution.delivery.status is WebhookStatus.FAILED and not execution.acknowledged:
        item["undelivered"] = attribute(UNDELIVERED)
    if execution.cache_status is CacheStatus.HIT:
        item["from_cache"] = attribute(value=True)
    return item


def is_name_of_run(item: Mapping[str, Attribute]) -> bool:
    """Whether an item is no record's, but the id under which another run of one goes out."""
    return "run_of" in item


def read_execution(
    execution_id: str, accepted: Mapping[str, Attribute], current: Mapping[str, Attribute] | None = None
) -> Execution:
    """Read a record back from what was accepted and, once a step was taken, from its current state."""
    values = _values(execution_id, accepted)
    if current is not None:
        later = _values(execution_id, current)
        values |= {name: later[name] for name in _STEP_FIELDS}
    values["execution_id"] = execution_id
    for name in ("webhook_ids", "decision_ids"):
        values[name] = tuple(values[name])
    values["defaults"] = tuple(LearnedDefault(*each) for each in values["defaults"])
    values["warnings"] = tuple(Fault(*each) for each in values["warnings"])
    for name, kind in _ENUMS.items():
        values[name] = kind(values[name])
    if values["workflow"]:
        values["workflow"] = WorkflowPlace(**values["workflow"])
    if values["attempt"]:
        values["attempt"] = Attempt(**values["attempt"])
    values["pending_audit"] = read_chain(values["pending_audit"], _known(values), values["audit_hash"])
    delivery = Delivery(**{part: values.pop(name) for name, part in _DELIVERY.items()})
    audit = AuditHead(**{part: values.pop(name) for name, part in _AUDIT.items()})
    return Execution(**values, delivery=delivery, audit=audit)


def _item(execution: Execution, names: frozenset[str], visible: tuple[str, ...]) -> Item:
    values = _flat(execution)
    usual = _usual(execution.created_at)
    hidden = names - {"execution_id", *visible}
    detail = {
        name: _stored(value, execution.execution_id)
        for name, value in values.items()
        if name in hidden and value != usual[name]
    }
    if execution.audit.owed:
        detail["pending_audit"] = write_chain(execution.audit.owed, _known(values), execution.audit.hash)
    item: Item = {name: attribute(values[name]) for name in visible}
    item["detail"] = attribute(packed(detail))
    payloads = {name: values[name] for name in _PAYLOADS if name in names}
    payloads["result"] = execution.outcome.result if execution.outcome else None
    for name, ref in payloads.items():
        if ref and ref.inline is not None:
            item[name] = attribute(ref.inline)
    return item


def _flat(execution: Execution) -> dict[str, Any]:
    """Name every part of a record as items do."""
    values = {field.name: getattr(execution, field.name) for field in fields(execution)}
    delivery, audit = values.pop("delivery"), values.pop("audit")
    values |= {name: getattr(delivery, part) for name, part in _DELIVERY.items()}
    return values | {name: getattr(audit, part) for name, part in _AUDIT.items()}


def _values(execution_id: str, item: Mapping[str, Attribute]) -> dict[str, Any]:
    """Read an item's part of a record, its references and its outcome put together."""
    visible = {name: value_of(item[name]) for name in _DEFAULTS if name in item and name not in _PAYLOADS}
    detail = unpacked(value_of(item["detail"]))
    values: dict[str, Any] = _usual(visible["created_at"]) | visible | detail
    for name in _PAYLOADS:
        if values[name]:
            values[name] = _ref(values[name], execution_id, item.get(name))
    if values["outcome"]:
        values["outcome"] = _outcome(values["outcome"], execution_id, item.get("result"))
    return values


def _usual(created_at: int) -> dict[str, Any]:
    """What a record says when an item says nothing."""
    return _DEFAULTS | {"updated_at": created_at, "queued_at": created_at}


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """What an audit entry is likely to repeat of its record."""
    repeated = ("execution_id", "action_id", "trace_id", "webhook_url", "status")
    request: PayloadRef = values["request"]
    return {
        **{name: values[name] for name in repeated},
        "timestamp": values["updated_at"],
        "attempt": values["attempts"],
        "payload_size_bytes": request.size,
        "payload_sha256": request.digest,
    }


def _stored(value: Any, execution_id: str) -> Any:
    match value:
        case PayloadRef():
            # Its own payloads' keys begin with its id, and no key with a slash.
            own = value.key.startswith(f"{execution_id}/")
            key = value.key.removeprefix(execution_id) if own else value.key
            return {"key": key, "size": value.size, "digest": value.digest}
        case Outcome():
            parts = {"result": value.result, "error": value.error}
            stored = {name: _stored(part, execution_id) for name, part in parts.items() if part}
            return {"status": value.status, **stored}
        case [LearnedDefault() | Fault(), *_]:
            return [astuple(each) for each in value]
        case ExecutionError() | Attempt() | WorkflowPlace():
            return {name: part for name, part in asdict(value).items() if part is not None}
    return value


def _ref(document: Mapping[str, Any], execution_id: str, inline: Attribute | None) -> PayloadRef:
    key = document["key"]
    own = key.startswith("/")
    whole = {**document, "key": f"{execution_id}{key}" if own else key}
    return PayloadRef(**whole, inline=None if inline is None else value_of(inline))


def _outcome(document: Mapping[str, Any], execution_id: str, inline: Attribute | None) -> Outcome:
    result, error = document.get("result"), document.get("error")
    return Outcome(
        Status(document["status"]),
        result=None if result is None else _ref(result, execution_id, inline),
        error=None if error is None else ExecutionError(**error),
    )
