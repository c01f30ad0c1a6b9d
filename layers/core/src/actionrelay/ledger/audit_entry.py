"""One entry of the audit and its hash: each names the hash of the one before, so a change anywhere shows."""

import hashlib
from dataclasses import asdict, dataclass, replace

from actionrelay.strict_json import canonical, digest
from actionrelay.timestamps import day_of


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of an execution's history; ``hash`` covers every field above it, ``previous_hash`` included."""

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
    """The UTC day that this entry opens for its execution; only such entries are in the index by day."""
    actor: str | None = None
    """Who decided, where it was a person or a system that called an operator's route."""
    note: str | None = None
    """What they wrote down about it."""
    limit: str | None = None
    """Which limit of Genesys Cloud the attempt ran into."""
    sent_as: str | None = None
    """The id of the run that the event is about, where it is not the execution's own."""
    accepted_at: int | None = None
    """When the execution was accepted: an id that is used again past its retention has another trail."""
    kept_days: int | None = None
    """How long the audit table keeps this entry after its timestamp."""
    decision_id: str | None = None
    """The decision about many that this one is part of."""
    warnings: str | None = None
    """What the action's contract does not allow, of an acceptance, as JSON."""
    previous_hash: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The end of an execution's chain, as its record has it."""

    seq: int = 0
    hash: str = ""
    day: str = ""
    """The UTC day of the last entry."""
    owed: tuple[AuditEntry, ...] = ()
    """Entries that the record owes to the audit table; the next writer pays them."""


_REJECTED = "rejected#"
_COUNTED = "counted#"
NO_ACTION = "-"
"""Takes the place of the action in the entry of a refused request."""
_LATER = frozenset({"sent_as", "accepted_at", "kept_days", "decision_id", "warnings"})


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the canonical JSON of every other field; the chain breaks where any one is changed.

    A field that came later counts where it says something, so that chains from before it stay whole.
    """
    fields = {name: value for name, value in asdict(entry).items() if value is not None or name not in _LATER}
    del fields["hash"]
    return hashlib.sha256(canonical(fields)).hexdigest()


def rejection_id(request_id: str) -> str:
    """Return what is in the place of an execution's id in the entry of a refused submission."""
    return f"{_REJECTED}{request_id}"


def is_rejection(execution_id: str) -> bool:
    """Whether an id is of a submission that was refused, and not of an execution."""
    return execution_id.startswith(_REJECTED)


def rejected(
    request_id: str, now: int, body: bytes, code: str, actor: str | None, *, kept_days: int | None = None
) -> AuditEntry:
    """Return the one entry of a submission that was refused.

    It belongs to no execution, and no caller can give one its id: it has the request's, in a form that no
    execution's has. The action is a dash, since nothing that a refused request says of itself is believed.
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
    """Return the one entry of the submissions of a caller and day that were refused and have none of their own.

    It is in the day's exported file alone, under an id that no request has.
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
