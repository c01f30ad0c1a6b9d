"""An audit entry and its hash. Each entry holds the hash of the one before, so any change is detected."""

import hashlib
from dataclasses import asdict, dataclass, replace

from actionrelay.strict_json import canonical, digest
from actionrelay.timestamps import day_of


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of an execution's history; ``hash`` covers every other field, ``previous_hash`` included."""

    execution_id: str
    seq: int
    timestamp: int
    action_id: str
    event: str
    status: str
    trace_id: str
    attempt: int
    latency_ms: int | None = None
    payload_size_bytes: int | None = None
    payload_sha256: str | None = None
    webhook_url: str | None = None
    success_rate: float | None = None
    correlation_id: str | None = None
    code: str | None = None
    day: str | None = None
    """The UTC day, if this is the execution's first entry of that day; only these are in the index by day."""
    actor: str | None = None
    """The caller of an operator's route."""
    note: str | None = None
    """The operator's note."""
    limit: str | None = None
    """The limit of Genesys Cloud that the attempt hit."""
    sent_as: str | None = None
    """The id of the run that the event is about, if it is not the execution's id."""
    accepted_at: int | None = None
    """When the execution was accepted (ms): an id that is reused after its retention gets another trail."""
    kept_days: int | None = None
    """How many days the audit table keeps this entry."""
    decision_id: str | None = None
    """The decision about many that this one is part of."""
    warnings: str | None = None
    """The contract warnings of an acceptance, as JSON."""
    previous_hash: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The end of an execution's audit chain, kept in its record."""

    seq: int = 0
    hash: str = ""
    day: str = ""
    """The UTC day of the last entry."""
    owed: tuple[AuditEntry, ...] = ()
    """Entries that are not in the audit table yet; the next writer writes them."""


_REJECTED = "rejected#"
_COUNTED = "counted#"
NO_ACTION = "-"
"""The action id in the entry of a refused request."""
_LATER = frozenset({"sent_as", "accepted_at", "kept_days", "decision_id", "warnings"})


def entry_hash(entry: AuditEntry) -> str:
    """Return SHA-256 over the canonical JSON of every other field.

    A field of a later release counts only if it is set, so that older chains stay valid.
    """
    fields = {name: value for name, value in asdict(entry).items() if value is not None or name not in _LATER}
    del fields["hash"]
    return hashlib.sha256(canonical(fields)).hexdigest()


def rejection_id(request_id: str) -> str:
    """Return the ``execution_id`` of the entry of a refused submission."""
    return f"{_REJECTED}{request_id}"


def is_rejection(execution_id: str) -> bool:
    """Whether an id belongs to a refused submission, not to an execution."""
    return execution_id.startswith(_REJECTED)


def rejected(
    request_id: str, now: int, body: bytes, code: str, actor: str | None, *, kept_days: int | None = None
) -> AuditEntry:
    """Return the one entry of a refused submission.

    Its id is the request's, in a form that no execution id has, so no caller can create an execution under it. The
    action is a dash, since a refused request is not trusted.
    """
    entry = AuditEntry(
        execution_id=rejection_id(request_id),
        seq=1,
        timestamp=now,
        action_id=NO_ACTION,
        event="rejected",
        status="rejected",
        trace_id=request_id,
        attempt=0,
        payload_size_bytes=len(body),
        payload_sha256=digest(body),
        code=code,
        day=day_of(now),
        actor=actor,
        kept_days=kept_days,
    )
    return replace(entry, hash=entry_hash(entry))


def rejected_beyond(day: str, day_ends_at: int, caller: str, number: int) -> AuditEntry:
    """Return the one entry for a caller's refused submissions of a day that have no entries of their own.

    It exists only in the day's exported file, under an id that no request has.
    """
    entry = AuditEntry(
        execution_id=rejection_id(f"{_COUNTED}{day}#{hashlib.sha256(caller.encode()).hexdigest()[:16]}"),
        seq=1,
        timestamp=day_ends_at - 1,
        action_id=NO_ACTION,
        event="rejected",
        status="rejected",
        trace_id="",
        attempt=0,
        day=day,
        actor=caller,
        note=f"{number} more submissions of this caller were refused on this day",
    )
    return replace(entry, hash=entry_hash(entry))
