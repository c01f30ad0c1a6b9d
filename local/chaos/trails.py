"""Rules about the audit trail: whole, unchanged, legal step by step, and of one mind with the state."""

from collections.abc import Iterator
from itertools import pairwise

from actionrelay.ledger.audit_entry import entry_hash
from actionrelay.ledger.execution import Status
from actionrelay.ledger.steps import STEPS
from local.chaos.cases import Broken, Case, Violation

_OPENINGS = {"accepted": "queued", "cache_hit": "completed"}


def trail_is_whole(case: Case) -> Iterator[Violation]:
    """An accepted execution has entries from 1 on, without a gap."""
    numbers = [entry.seq for entry in case.audit]
    if case.accepted and not numbers:
        yield case.violation(Broken.NO_AUDIT, "accepted, and no entry")
    elif numbers != list(range(1, len(numbers) + 1)):
        yield case.violation(Broken.AUDIT_GAP, f"entries {numbers}")


def chain_verifies(case: Case) -> Iterator[Violation]:
    """Each entry has the hash of its content and names the hash of the one before."""
    for entry in case.audit:
        if entry.hash != entry_hash(entry):
            yield case.violation(Broken.AUDIT_CHANGED, f"entry {entry.seq} is not what its hash says")
    for before, after in pairwise(case.audit):
        if after.previous_hash != before.hash:
            yield case.violation(Broken.AUDIT_CHANGED, f"entry {after.seq} does not follow entry {before.seq}")


def steps_are_legal(case: Case) -> Iterator[Violation]:
    """The first entry opens the record, and each step is one of the ledger's table; an event may change nothing."""
    if not case.audit:
        return
    first = case.audit[0]
    if _OPENINGS.get(first.event) != first.status:
        yield case.violation(Broken.ILLEGAL_STEP, f"opened by {first.event} as {first.status}")
    for before, after in pairwise(case.audit):
        if after.status != before.status and Status(after.status) not in STEPS[Status(before.status)]:
            yield case.violation(Broken.ILLEGAL_STEP, f"{before.status} to {after.status} in entry {after.seq}")


def trail_is_the_state(case: Case) -> Iterator[Violation]:
    """The last entry has the execution's state."""
    if case.audit and case.final is not None and case.audit[-1].status != case.status:
        yield case.violation(Broken.AUDIT_DISAGREES, f"{case.audit[-1].status} in the trail, {case.status} in the API")
    if case.audit and case.final is None:
        yield case.violation(Broken.AUDIT_DISAGREES, f"{case.audit[-1].status} in the trail, not in the API")
