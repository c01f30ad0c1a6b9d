"""Reads the tables' streams: accepted executions, their later states, and rejected requests."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from actionrelay.aws.attributes import Attribute, value_of
from actionrelay.aws.detail import unpacked
from actionrelay.ledger.audit_entry import NO_ACTION
from actionrelay.ledger.execution import CacheStatus, Status
from actionrelay.ledger.items_dynamodb import is_name_of_run
from actionrelay.ledger.refusals import beyond
from actionrelay.ledger.refusals_dynamodb import day_in, is_refusals, number_in
from actionrelay.statistics.counters import Change
from actionrelay.statistics.tally import REJECTED, Snapshot, difference
from actionrelay.timestamps import day_starts_at

_STEPS = frozenset({"accepted", "ledger"})
REJECTED_EVENT = "rejected"


def read_change(record: Mapping[str, Any]) -> Change | None:
    """Read a stream record of the executions table or the audit table; None if it does not count.

    Raises:
        ValueError: it can't be read.
    """
    if record["eventName"] == "REMOVE":  # retention has ended; what happened has happened
        return None
    change = record["dynamodb"]
    after, before = _image(change.get("NewImage")), _image(change.get("OldImage"))
    try:
        if after.get("event", {}).get("S") == REJECTED_EVENT:
            action_id, at, counts = NO_ACTION, int(value_of(after["timestamp"])), {REJECTED: 1}
        elif is_refusals(after):
            more = beyond(number_in(after)) - beyond(number_in(before))
            action_id, at, counts = NO_ACTION, day_starts_at(day_in(after)), {REJECTED: more} if more else {}
        elif after.get("sk", {}).get("S") in _STEPS and not is_name_of_run(after):
            snapshot = read_snapshot(after)
            action_id, at = snapshot.action_id, snapshot.created_at
            counts = dict(difference(_snapshot(before), snapshot))
        else:
            return None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"a change that can't be read: {type(error).__name__}") from None
    return Change(int(change["SequenceNumber"]), action_id, at, counts)


def _snapshot(item: Mapping[str, Attribute]) -> Snapshot | None:
    return read_snapshot(item) if item else None


def _image(image: Mapping[str, Attribute] | None) -> dict[str, Attribute]:
    """Read the item of an event, in which bytes are base64."""
    return dict(_decoded(image or {}))


def _decoded(image: Mapping[str, Attribute]) -> Iterator[tuple[str, Attribute]]:
    for name, given in image.items():
        binary = given.get("B")
        yield name, {"B": base64.b64decode(binary)} if isinstance(binary, str) else given


def read_snapshot(item: Mapping[str, Attribute]) -> Snapshot:
    """Read what counts of either of a record's two items."""
    detail = unpacked(value_of(item["detail"]))
    accepted = "status" not in item
    created_at = int(value_of(item["created_at"]))
    status = detail.get("status", Status.QUEUED) if accepted else value_of(item["status"])
    served = detail.get("cache_status") == CacheStatus.HIT if accepted else "from_cache" in item
    return Snapshot(
        action_id=str(value_of(item["action_id"])),
        created_at=created_at,
        status=Status(status),
        latency_ms=_latency_ms(detail, created_at),
        from_cache=served,
        accepted=accepted,
    )


def _latency_ms(detail: Mapping[str, Any], created_at: int) -> int | None:
    completed_at = detail.get("completed_at")
    if completed_at is None or detail.get("resolved"):
        return None
    return int(completed_at) - int(detail.get("queued_at", created_at))
