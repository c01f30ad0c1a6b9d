"""Rules about running again: not without permission, and never more often than is on record."""

from collections.abc import Iterator
from itertools import pairwise

from local.chaos.cases import Broken, Case, Violation
from local.chaos.history import GenesysRequest

_CLAIM = "attempt_started"


def runs_once(case: Case) -> Iterator[Violation]:
    """No action runs twice, unless the caller allowed it. With `data-actions` the id sees to that in any case."""
    if case.runs > 1 and (case.carries_id or not case.order.idempotent):
        yield case.violation(Broken.RAN_TWICE, f"{case.runs} runs")


def nothing_is_risked(case: Case) -> Iterator[Violation]:
    """Without permission nothing is asked again but what provably did not run, even where luck kept it from running."""
    if case.repeatable:
        return
    for before, after in pairwise(case.requests):
        if not _proves_no_run(case, before):
            yield case.violation(
                Broken.RISKED, f"request {after.sequence} follows {before.fault or 'an ordinary one'}: {before.status}"
            )


def attempts_add_up(case: Case) -> Iterator[Violation]:
    """Each attempt is on record once, before its request; the final count is theirs."""
    numbers = [entry.attempt for entry in case.audit if entry.event == _CLAIM]
    if numbers != list(range(1, len(numbers) + 1)):
        yield case.violation(Broken.ATTEMPTS, f"attempts on record are {numbers}")
    if len(case.requests) > len(numbers):
        yield case.violation(Broken.ATTEMPTS, f"{len(case.requests)} requests, {len(numbers)} attempts on record")
    if case.final is not None and case.final["attempts"] != len(numbers):
        yield case.violation(Broken.ATTEMPTS, f"{case.final['attempts']} shown, {len(numbers)} on record")
    if case.runs > len(case.requests):
        yield case.violation(Broken.ATTEMPTS, f"{case.runs} runs of {len(case.requests)} requests")


def _proves_no_run(case: Case, request: GenesysRequest) -> bool:
    return request.status in {401, 429} or (request.status == 503 and case.order.shed and not request.ran)
