"""Rules about what callers see: one content per id, nothing valid refused, no outcome taken back."""

from collections.abc import Iterator

from local.chaos.cases import ACCEPTED, Broken, Case, Violation

_FINAL = frozenset({"completed", "failed", "cancelled"})


def one_content_per_id(case: Case) -> Iterator[Violation]:
    """Of two contents under one id, one is taken, for all who send it, and the other refused as a conflict."""
    taken = {entry.rival for entry in case.log if entry.status in ACCEPTED}
    if len(taken) > 1:
        yield case.violation(Broken.CONFLICT, "both contents were accepted")
    for entry in case.log:
        if entry.status == 409 and entry.rival in taken:
            yield case.violation(Broken.CONFLICT, "the accepted content was refused as a conflict")
        if entry.status in ACCEPTED and entry.answered_id != entry.execution_id:
            yield case.violation(Broken.CONFLICT, f"answered with the id {entry.answered_id}")


def nothing_valid_is_refused(case: Case) -> Iterator[Violation]:
    """A valid request is taken, and can be read from then on; 409 is for a rival's."""
    rivals = case.order.rival_inputs is not None
    for entry in case.log:
        if entry.status is None or entry.status in ACCEPTED or entry.status >= 500:
            continue
        if not (entry.status == 409 and rivals):
            yield case.violation(Broken.REFUSED, f"{entry.status} {entry.said}")
    for read in case.reads:
        if read.status is not None and 400 <= read.status < 500:
            yield case.violation(Broken.REFUSED, f"accepted, and then {read.status} {read.said} when read")


def no_outcome_is_overwritten(case: Case) -> Iterator[Violation]:
    """An end that a caller or the trail has seen does not change; only what is unknown may become clear."""
    seen = {entry.said for entry in (*case.log, *case.reads) if entry.status in ACCEPTED and entry.said in _FINAL}
    seen |= {entry.status for entry in case.audit if entry.status in _FINAL}
    if seen - {case.status}:
        yield case.violation(Broken.OUTCOME_CHANGED, f"was {', '.join(sorted(seen))}, is {case.status}")


def delivery_is_true(case: Case) -> Iterator[Violation]:
    """A webhook that is on record as delivered was received, and said how it ended."""
    if case.final is None or case.final["webhookStatus"] != "delivered":
        return
    if case.status not in case.delivered:
        yield case.violation(Broken.NOT_DELIVERED, f"{case.status} is delivered; received: {list(case.delivered)}")
