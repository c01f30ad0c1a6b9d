"""Rules about how an execution ended: it did end, truthfully, and with what the action returned."""

from collections.abc import Iterator

from local.chaos.cases import Broken, Case, Violation
from local.chaos.history import ENDED, GenesysRequest
from local.genesys.actions import run_action

_NOT_DECIDED = frozenset({408, 429})
_AMBIGUOUS_CODES = frozenset({"no_answer", "unreadable_answer", "worker_lost", "webhook_timeout"})
"""What the relay itself calls an end that nobody knows."""


def ends(case: Case) -> Iterator[Violation]:
    """An accepted execution ends."""
    if case.accepted and case.status not in ENDED:
        yield case.violation(Broken.LOST, f"accepted, and at last {case.status or 'not on record'}")


def failure_is_true(case: Case) -> Iterator[Violation]:
    """`failed` says that Genesys Cloud said so. Waiting, outages and lost answers never end in it."""
    if case.status != "failed":
        return
    answer_named_run = any(_refused(request) and (request.ran or request.repeat) for request in case.requests)
    called_back = any(callback.outcome == "failed" and callback.attempts for callback in case.callbacks)
    if case.runs:
        if not answer_named_run and not called_back:
            yield case.violation(Broken.SILENT_FAILURE, f"{case.runs} runs, and no failure was reported of them")
    elif not any(_refused(request) for request in case.requests):
        yield case.violation(Broken.UNFOUNDED_FAILURE, f"never refused; error {_error_code(case)}")


def success_is_true(case: Case) -> Iterator[Violation]:
    """`completed` says that the action ran, and has what it returned, or says that this was lost."""
    if case.final is None or case.status != "completed":
        return
    hit = case.final["cacheStatus"] == "hit"
    if not (case.twin_runs if hit else case.runs):
        yield case.violation(Broken.PHANTOM_SUCCESS, "no run was counted")
    inputs = case.order.rival_inputs if case.rival_accepted and case.order.rival_inputs else case.order.inputs
    # The simulator makes a result large once: an action that ran again after its worker died returns the usual one.
    sizes = (case.order.result_bytes, 0) if case.runs > 1 else (case.order.result_bytes,)
    wanted = [run_action(case.order.action_id, dict(inputs), size) for size in sizes]
    if case.final["result"] not in wanted and not says_result_is_lost(case):
        yield case.violation(Broken.WRONG_RESULT, f"error {_error_code(case)}, result {case.final['result']!s:.200}")


def says_result_is_lost(case: Case) -> bool:
    """Whether a large result is gone, and the execution says so.

    The outcome is written before a large result is stored, so that the one never undoes the other: a worker that dies
    between the two takes the result with it. That is counted, and no violation; a small result is never lost so.
    """
    return case.order.result_bytes > 0 and _error_code(case) == "result_not_stored"


def unknown_is_true(case: Case) -> Iterator[Violation]:
    """`unknown` says why, and is there for what was ambiguous alone."""
    if case.status != "unknown":
        return
    code = _error_code(case)
    lost = any(entry.code in _AMBIGUOUS_CODES for entry in case.audit)
    if code is None:
        yield case.violation(Broken.UNFOUNDED_UNKNOWN, "it does not say why")
    elif not lost and not any(is_ambiguous(request) for request in case.requests):
        yield case.violation(Broken.UNFOUNDED_UNKNOWN, f"nothing ambiguous happened; error {code}")


def nothing_is_guessed(case: Case) -> Iterator[Violation]:
    """Where a request that must not be repeated ended ambiguously, nobody decides how it went."""
    if case.repeatable or not case.requests or not is_ambiguous(case.requests[-1]):
        return
    if case.status in {"completed", "failed"}:
        last = case.requests[-1]
        yield case.violation(Broken.GUESSED, f"{case.status} after {last.fault} answered {last.status}")


def is_ambiguous(request: GenesysRequest) -> bool:
    """Whether the sender of this request can't know if the action ran. Whether a 503 was shed is not decided here."""
    broken_body = request.fault is not None and request.fault.startswith("body:")
    return request.status is None or broken_body or request.status == 408 or request.status >= 500


def _refused(request: GenesysRequest) -> bool:
    return request.status is not None and 400 <= request.status < 500 and request.status not in _NOT_DECIDED


def _error_code(case: Case) -> str | None:
    error = case.final["error"] if case.final else None
    return None if error is None else str(error["code"])
