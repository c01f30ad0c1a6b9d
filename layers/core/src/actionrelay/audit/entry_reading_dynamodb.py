"""Reads items of the audit table that anybody may have changed: what can be read, and what is wrong with the rest.

No item makes this raise. What is wrong is reported as a ``Flaw`` with the ``seq`` that it is about; whether the entries
follow each other is for ``audit_verification`` to say.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from actionrelay.audit.trail import Flaw
from actionrelay.aws.attributes import Attribute, attribute, value_of
from actionrelay.ledger.audit_entry import AuditEntry, entry_hash
from actionrelay.ledger.entries_dynamodb import ENTRIES_PER_TRAIL, camel, entries_item, expiry, fact

_FIELDS = {field.name: field for field in fields(AuditEntry)}
_LARGEST = 2**53 - 1
"""The largest whole number that every reader of JSON takes for the same."""
_LAST_MOMENT = 253_402_300_799_999
"""The end of the year 9999, in ms: what comes after it can't be written as a date."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_EXPIRY = "expires_at"
"""What the last entry's ``kept_days`` makes it. Entries of earlier releases don't say, so theirs is not checked."""
_INDEXED = frozenset({"dayOpened", "openedAt"})
"""Come with the entry that opens a day."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry as it was found: its facts, of whatever types, and what they make."""

    facts: Mapping[str, Any]
    seq: int
    """Its own number, or that of its place."""
    entry: AuditEntry | None
    """None where a fact has no usable form."""


def read_item(item: Mapping[str, Attribute]) -> tuple[list[AuditEntry], list[Flaw]]:
    """Read the entries of an item, oldest first, and what is wrong with it."""
    acceptance, end = _place(value_of(item["seq"]))
    flaws: list[Flaw] = []
    last = {name: fact(name, item[camel(name)]) if camel(name) in item else None for name in _FIELDS}
    key, last["seq"] = last["seq"], end
    found = [_found(last, end, acceptance, flaws)]
    if key != acceptance * ENTRIES_PER_TRAIL + end or end < 1:
        flaws.append(Flaw(end, "is under a key that is none of an entry"))
    for behind, differences in enumerate(reversed(_earlier(item, end, flaws)), start=1):
        found.insert(0, _before(found[0], differences, last, (acceptance, end - behind), flaws))
    entries = [each.entry for each in found if each.entry is not None]
    if not flaws:
        flaws += _out_of_order([entry.seq for entry in entries])
    if not flaws and _follow_each_other(entries):
        flaws += _written_otherwise(item, entries)
    return entries, [replace(flaw, accepted_at=acceptance or None) for flaw in flaws]


def _place(key: Any) -> tuple[int, int]:
    """Read a sort key: the second of the acceptance, and ``seq``. A key that is no whole number is rounded up."""
    number = key if isinstance(key, int | float) and math.isfinite(key) else 0
    whole = max(-_LARGEST, min(math.ceil(number), _LARGEST))
    return divmod(whole, ENTRIES_PER_TRAIL) if whole > 0 else (0, whole)


def _earlier(item: Mapping[str, Attribute], end: int, flaws: list[Flaw]) -> Sequence[Any]:
    """What was written together with the last entry, as differences of whatever type."""
    if "earlier" not in item:
        return ()
    try:
        listed = json.loads(value_of(item["earlier"]))
    except (TypeError, ValueError, RecursionError):
        listed = None
    if isinstance(listed, list) and listed:
        return listed
    flaws.append(Flaw(end, "is in an item whose other entries can't be read"))
    return ()


def _before(after: _Found, differences: Any, last: Mapping[str, Any], at: tuple[int, int], flaws: list[Flaw]) -> _Found:
    """Read the entry before another one of the same item."""
    acceptance, place = at
    known = differences if isinstance(differences, dict) else {}
    stated = {name: known[name] for name in known if name in _FIELDS}
    if stated.keys() != known.keys() or not known:
        flaws.append(Flaw(place, "is not written as entries are"))
    if "hash" in stated:
        return _found({**last, **stated}, place, acceptance, flaws)
    found = _found({**last, **stated, "hash": ""}, place, acceptance, flaws)
    if found.entry is None:
        return found
    return replace(found, entry=replace(found.entry, hash=_hash_before(after, found.entry)))


def _hash_before(after: _Found, entry: AuditEntry) -> str:
    """The hash that an entry was written with: what the next one names as the one before it.

    Where the next one is another than it was, or names something else than it did, the entry's own hash is all there
    is; the chain then breaks at the next one.
    """
    own, named = entry_hash(entry), after.facts["previous_hash"]
    if named == own or not _usable("previous_hash", named) or after.seq != entry.seq + 1:
        return own
    if after.entry is not None and entry_hash(replace(after.entry, previous_hash=own)) == after.entry.hash:
        return own
    return str(named)


def _found(facts: Mapping[str, Any], place: int, acceptance: int, flaws: list[Flaw]) -> _Found:
    """Take facts for an entry, if each has a usable form and the acceptance is the one of its key."""
    seq = facts["seq"] if _usable("seq", facts["seq"]) else place
    unusable = [camel(name) for name in _FIELDS if not _usable(name, facts[name])]
    if not unusable and (facts["accepted_at"] or 0) // 1_000 != acceptance:
        unusable = [camel("accepted_at")]
    if unusable:
        flaws.append(Flaw(seq, f"has no usable {' and no usable '.join(unusable)}"))
        return _Found(facts, seq, None)
    return _Found(facts, seq, AuditEntry(**facts))


def _usable(name: str, value: Any) -> bool:
    kinds: Any = _FIELDS[name].type
    match value:
        case bool():
            return False
        case int():
            bound = _LAST_MOMENT if name in {"timestamp", "accepted_at"} else _LARGEST
            return 0 <= value <= bound and isinstance(value, kinds)
        case float():
            return math.isfinite(value) and isinstance(value, kinds)
        case str():
            return isinstance(value, kinds) and (value.isascii() or not _SURROGATE.search(value))
    return value is None and isinstance(value, kinds)


def _out_of_order(seqs: Sequence[int]) -> Iterable[Flaw]:
    for at, (is_here, belongs_here) in enumerate(zip(seqs, sorted(seqs), strict=True)):
        if is_here != belongs_here or (at and seqs[at - 1] == is_here):
            return [Flaw(belongs_here, "is in the wrong place of its item")]
    return ()


def _follow_each_other(entries: Sequence[AuditEntry]) -> bool:
    """Whether the entries are those of one write, unchanged: only then is it known how they were written."""
    first = entries[0].seq
    return all(entry.seq == first + at and entry.hash == entry_hash(entry) for at, entry in enumerate(entries))


def _written_otherwise(item: Mapping[str, Attribute], entries: Sequence[AuditEntry]) -> Iterable[Flaw]:
    """Name what the entries of an item can't have brought with them, such as its place in the index by day."""
    written = entries_item(entries)
    said = entries[-1].kept_days is not None
    if said:
        written[_EXPIRY] = attribute(expiry(entries[-1], 0))
    unlike = [
        name
        for name in sorted((item.keys() | written.keys()) - (set() if said else {_EXPIRY}))
        if not _equal(item.get(name), written.get(name))
    ]
    if not unlike:
        return ()
    about = entries[-1]
    if "earlier" in unlike:
        found, would_be = (json.loads(value_of(each["earlier"])) for each in (item, written))
        about = next(
            (entry for entry, one, other in zip(entries, found, would_be, strict=False) if one != other), entries[0]
        )
    elif _INDEXED.issuperset(unlike):
        about = next((entry for entry in entries if entry.day is not None), about)
    return [Flaw(about.seq, f"is in an item whose {' and '.join(unlike)} did not come with it")]


def _equal(one: Attribute | None, other: Attribute | None) -> bool:
    """Whether two attributes say the same; DynamoDB writes a number in a way of its own."""
    return one == other or (one is not None and other is not None and "N" in one and value_of(one) == value_of(other))
