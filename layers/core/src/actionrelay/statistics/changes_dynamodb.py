"""Reads what the tables' streams tell: executions that were accepted or moved on, and requests that were rejected."""

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from actionrelay.aws.attributes import Attribute, value_of
from actionrelay.ledger.items_dynamodb import read_standing
from actionrelay.statistics.counters import NO_ACTION, Change
from actionrelay.statistics.tally import REJECTED, Standing, difference

_STEPS = frozenset({"accepted", "ledger"})
REJECTED_EVENT = "rejected"


def read_change(record: Mapping[str, Any]) -> Change | None:
    """Read a stream record of the executions table or the audit table; None where nothing in it counts.

    Raises:
        ValueError: it can't be read.
    """
    if record["eventName"] == "REMOVE":  # retention has ended; what happened has happened
        return None
    told = record["dynamodb"]
    after, before = _image(told.get("NewImage")), _image(told.get("OldImage"))
    try:
        if after.get("event", {}).get("S") == REJECTED_EVENT:
            action_id, at, counts = NO_ACTION, int(value_of(after["timestamp"])), {REJECTED: 1}
        elif after.get("sk", {}).get("S") in _STEPS:
            stands = read_standing(after)
            action_id, at = stands.action_id, stands.created_at
            counts = dict(difference(_standing(before), stands))
        else:
            return None
    except (KeyError, TypeError, ValueError, zlib.error, binascii.Error) as error:
        raise ValueError(f"a change that can't be read: {type(error).__name__}") from None
    return Change(int(told["SequenceNumber"]), action_id, at, counts)


def _standing(item: Mapping[str, Attribute]) -> Standing | None:
    return read_standing(item) if item else None


def _image(image: Mapping[str, Attribute] | None) -> dict[str, Attribute]:
    """Take an item out of an event: JSON has no bytes, so they come as base64."""
    return dict(_decoded(image or {}))


def _decoded(image: Mapping[str, Attribute]) -> Iterator[tuple[str, Attribute]]:
    for name, spelled in image.items():
        binary = spelled.get("B")
        yield name, {"B": base64.b64decode(binary)} if isinstance(binary, str) else spelled
