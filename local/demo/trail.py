"""An audit trail as the API gives it: whether its chain of hashes holds. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from actionrelay.ledger.audit_entry import AuditEntry, entry_hash

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


def faults(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what breaks the chain; nothing when it holds.

    It holds when the entries are numbered from 1, each names the hash of the one before (the first names none), and
    each hash is that of the entry's own content.
    """
    found = []
    previous = ""
    for number, document in enumerate(entries, start=1):
        if document["seq"] != number:
            found.append(f"entry {number} says that it is number {document['seq']}")
        if document["previousHash"] != previous:
            found.append(f"entry {number} does not follow the one before")
        if document["hash"] != entry_hash(_entry(document)):
            found.append(f"entry {number} is not what was hashed")
        previous = document["hash"]
    return found


def milliseconds(timestamp: str) -> int:
    """Return an ISO 8601 time as milliseconds since the epoch."""
    return (datetime.fromisoformat(timestamp) - _EPOCH) // timedelta(milliseconds=1)


def _entry(document: Mapping[str, Any]) -> AuditEntry:
    fields = {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name): value for name, value in document.items()}
    times = {name: milliseconds(fields[name]) for name in ("timestamp", "accepted_at") if fields[name] is not None}
    return AuditEntry(**{**fields, **times})
