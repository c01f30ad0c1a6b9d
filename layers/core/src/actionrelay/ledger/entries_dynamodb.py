"""How audit entries are stored: one item for all entries that are written together.

An item has an attribute for each field of the last entry. The entries before it are in ``earlier``, as differences from
the last one: a write costs by size, and the entries of one execution are similar. The ``hash`` of an entry is the next
one's ``previousHash``, so it is stored only once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from actionrelay.aws.attributes import Attribute, Item, attribute, value_of
from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.timestamps import iso

ENTRIES_PER_TRAIL = 1_000_000
"""More than any trail has. The sort key is the second of the acceptance times this, plus ``seq``, so that the trails of
one id, used again past its retention, are ranges of their own. Trails of earlier releases have ``seq`` alone."""
_SECONDS_PER_DAY = 86_400
_NAMES = tuple(field.name for field in fields(AuditEntry))


def entries_item(entries: Sequence[AuditEntry]) -> Item:
    """Return consecutive entries as one item, key attributes included.

    It has the two attributes of the index by day if one of the entries is its execution's first of a day. An action id
    has no ``#``, so the entries of one action are one range of a day, ordered by time.
    """
    *earlier, last = entries
    item = {camel(name): attribute(value) for name, value in asdict(last).items() if value is not None}
    item["seq"] = attribute(trail_key(last.accepted_at) + last.seq)
    if earlier:
        differences = write_chain(earlier, asdict(last), last.previous_hash)
        item["earlier"] = attribute(json.dumps(differences, separators=(",", ":")))
    for entry in entries:
        if entry.day is not None:
            item["dayOpened"] = attribute(entry.day)
            item["openedAt"] = attribute(f"{entry.action_id}#{iso(entry.timestamp)}#{entry.execution_id}")
    return item


def read_entries(item: Mapping[str, Attribute]) -> tuple[AuditEntry, ...]:
    """Read the entries of an intact item, oldest first; ``audit`` also reads damaged ones."""
    facts = {name: fact(name, item[camel(name)]) for name in _NAMES if camel(name) in item}
    last = AuditEntry(**{**facts, "seq": facts["seq"] - trail_key(facts.get("accepted_at"))})
    earlier = json.loads(item["earlier"]["S"]) if "earlier" in item else ()
    return (*read_chain(earlier, asdict(last), last.previous_hash), last)


def expiry(last: AuditEntry, retention_days: int) -> int:
    """Return when an item expires, in seconds since the epoch; ``retention_days`` is the default of its last entry."""
    return last.timestamp // 1_000 + (last.kept_days or retention_days) * _SECONDS_PER_DAY


def trail_key(accepted_at: int | None) -> int:
    """Return the base of the sort keys of a trail's entries; ``accepted_at`` in ms."""
    return (accepted_at or 0) // 1_000 * ENTRIES_PER_TRAIL


def by_day(entries: Sequence[AuditEntry]) -> list[list[AuditEntry]]:
    """Split entries so that an entry that opens a day is alone: an item belongs to one day in the index."""
    parts: list[list[AuditEntry]] = []
    for entry in entries:
        if not parts or entry.day is not None or parts[-1][-1].day is not None:
            parts.append([])
        parts[-1].append(entry)
    return parts


def write_chain(entries: Sequence[AuditEntry], known: Mapping[str, Any], last_hash: str) -> list[dict[str, Any]]:
    """Return entries as differences from ``known``; the last one is expected to have ``last_hash``."""
    hashes = [*(entry.previous_hash for entry in entries[1:]), last_hash]
    written = []
    for entry, expected_hash in zip(entries, hashes, strict=True):
        expected = {**known, "hash": expected_hash}
        written.append({name: value for name, value in asdict(entry).items() if value != expected.get(name)})
    return written


def read_chain(
    written: Sequence[Mapping[str, Any]], known: Mapping[str, Any], last_hash: str
) -> tuple[AuditEntry, ...]:
    """Read back what ``write_chain`` returned with the same ``known`` and ``last_hash``."""
    read: list[AuditEntry] = []
    expected_hash = last_hash
    for differences in reversed(written):
        entry = AuditEntry(**{**dict.fromkeys(_NAMES), **known, "hash": expected_hash, **differences})
        expected_hash = entry.previous_hash
        read.append(entry)
    return tuple(reversed(read))


def fact(name: str, given: Attribute) -> Any:
    """Return the value of a field's attribute. DynamoDB returns ``1.0`` as ``1``, so a rate is made a float again."""
    value = value_of(given)
    return float(value) if name == "success_rate" and type(value) is int else value


@cache
def camel(name: str) -> str:
    """Return the name of the attribute that holds a field."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
