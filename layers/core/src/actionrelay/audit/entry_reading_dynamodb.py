"""Reads items of the audit table that may have been tampered with: the readable entries, and what is wrong.

No item makes this raise. What is wrong is reported as a ``Flaw`` with its ``seq``. ``audit/verification.py`` checks
whether the entries follow each other.
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
"""The largest whole number that every reader of JSON reads exactly."""
_LAST_MOMENT = 253_402_300_799_999
"""The end of the year 9999, in ms: later times can't be written as dates."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_EXPIRY = "expires_at"
"""Follows from the last entry's ``kept_days``. Entries of earlier releases have none, so theirs is not checked."""
_INDEXED = frozenset({"dayOpened", "openedAt"})
"""Attributes that are written with the entry that opens a day."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry as stored: its facts, of any types, and the entry that they form."""

    facts: Mapping[str, Any]
    seq: int
    """Its own number, or, if that is unusable, the one that follows from its place in the item."""
    entry: AuditEntry | None
    """None if a fact is unusable."""


def read_item(item: Mapping[str, Attribute]) -> tuple[list[AuditEntry], list[Flaw]]:
    """Return the entries of an item, oldest first, and its flaws."""
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
    """Return what a sort key holds: the second of the acceptance, and ``seq``. A fraction is rounded up."""
    number = key if isinstance(key, int | float) and math.isfinite(key) else 0
    whole = max(-_LARGEST, min(math.ceil(number), _LARGEST))
    return divmod(whole, ENTRIES_PER_TRAIL) if whole > 0 else (0, whole)


def _earlier(item: Mapping[str, Attribute], end: int, flaws: list[Flaw]) -> Sequence[Any]:
    """Return the entries that were written together with the last one, as differences of any type."""
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
    """Read the entry that precedes another one in the same item."""
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
    """Return the hash that an entry was written with: the ``previous_hash`` of the next entry.

    If the next entry was changed, return the hash of the entry's content: the chain then breaks at the next one.
    """
    own, named = entry_hash(entry), after.facts["previous_hash"]
    if named == own or not _usable("previous_hash", named) or after.seq != entry.seq + 1:
        return own
    if after.entry is not None and entry_hash(replace(after.entry, previous_hash=own)) == after.entry.hash:
        return own
    return str(named)


def _found(facts: Mapping[str, Any], place: int, acceptance: int, flaws: list[Flaw]) -> _Found:
    """Make an entry of facts if each is usable and the acceptance is that of the key; else report a flaw."""
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
    """Return whether the entries are from one write and unchanged: only then is the written item known."""
    first = entries[0].seq
    return all(entry.seq == first + at and entry.hash == entry_hash(entry) for at, entry in enumerate(entries))


def _written_otherwise(item: Mapping[str, Attribute], entries: Sequence[AuditEntry]) -> Iterable[Flaw]:
    """Report attributes that were not written with an item's entries, such as another day of the index."""
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
    """Return whether two attributes are equal; DynamoDB has its own form of numbers."""
    return one == other or (one is not None and other is not None and "N" in one and value_of(one) == value_of(other))
