"""The checker: silent about a correct history, and it names each broken promise."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from actionrelay.ledger.audit_entry import AuditEntry, entry_hash
from local.chaos import tallies
from local.chaos.cases import Broken, cases
from local.chaos.checker import check
from local.chaos.history import Callback, CallerEntry, GenesysRequest, History, Order
from local.chaos.timeline import timeline
from tests.unit.local_world.test_chaos_flows import OF_WORKFLOWS

ID, TRACE, ACTION = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000001", "action"
INPUTS = {"order": 1}
RESULT = {"echo": INPUTS, "actionId": ACTION}
STARTED, RUN_TWICE = ("attempt_started", "running"), 2
COMPLETED: tuple[tuple[str, str], ...] = (("accepted", "queued"), STARTED, ("completed", "completed"))
FAILED = (("accepted", "queued"), STARTED, ("failed", "failed"))
UNKNOWN = (("accepted", "queued"), STARTED, ("unknown", "unknown"))
RETRIED = (("accepted", "queued"), STARTED, ("retry_planned", "queued"), STARTED, ("completed", "completed"))

type Change = Callable[[History], History]


def trail(steps: Sequence[tuple[str, str]], **codes: str) -> tuple[AuditEntry, ...]:
    """A chain that verifies; `codes` gives an event its code."""
    entries: list[AuditEntry] = []
    attempt = 0
    for seq, (event, status) in enumerate(steps, 1):
        attempt += event == "attempt_started"
        previous = entries[-1].hash if entries else ""
        entry = AuditEntry(
            ID, seq, seq * 1_000, ACTION, event, status, TRACE, attempt, code=codes.get(event), previous_hash=previous
        )
        entries.append(replace(entry, hash=entry_hash(entry)))
    return tuple(entries)


def final(status: str, **fields: Any) -> dict[str, dict[str, Any]]:
    error = None if status == "completed" else {"code": fields.pop("code", "some.code")}
    document = {
        "status": status,
        "result": RESULT if status == "completed" else None,
        "cacheStatus": "disabled",
        "webhookStatus": "none",
        "error": error,
        "attempts": 1,
        "latencyMs": 250 if status in {"completed", "failed"} else None,
    }
    return {ID: document | fields}


def request(status: int | None, sequence: int = 1, **fields: Any) -> GenesysRequest:
    return GenesysRequest(sequence, float(sequence), TRACE, status, **fields)


def entry(status: int | None, said: str = "queued", *, rival: bool = False, answered: str | None = ID) -> CallerEntry:
    return CallerEntry(1.0, ID, rival, status, said, answered)


def history(contract: str = "integrations", **fields: Any) -> History:
    """One execution that was accepted, ran once and completed."""
    ordinary = History(
        contract=contract,
        orders=(Order(ID, TRACE, ACTION, INPUTS, "calm"),),
        log=(entry(202),),
        runs={ID if contract == "data-actions" else TRACE: 1},
        requests=(request(200, ran=True),),
        callbacks=(),
        audit={ID: trail(COMPLETED)},
        finals=final("completed"),
    )
    seen = replace(ordinary, **fields)
    return seen if "counted" in fields else replace(seen, counted=counted(seen))


def counted(seen: History, **fields: Any) -> dict[str, Any]:
    """What the counters say when they are right, with changes."""
    metrics = {**tallies.truth(seen), **fields}
    parts = ("days", "hours", "actions")
    return metrics | {part: fields.get(part, [{"totalExecutions": metrics["totalExecutions"]}]) for part in parts}


def ordered(**fields: Any) -> tuple[Order, ...]:
    return (replace(history().orders[0], **fields),)


AMBIGUOUS = request(500, fault="status:500")
THROTTLED = request(429, fault="status:429")

FINE = {
    "completed": history(),
    "completed by webhook": history("data-actions"),
    "the rival was refused and reads what the other asked for": history(
        orders=ordered(rival_inputs={"order": 2}),
        log=(entry(202), entry(409, rival=True, answered=None), replace(entry(200, "running"), read=True)),
    ),
    "the lost answer was asked for again": history(
        log=(entry(None, "ReadTimeoutError", answered=None), entry(502, "None", answered=None), entry(200, "running"))
    ),
    "throttled, then completed": history(
        requests=(THROTTLED, request(200, 2, ran=True)),
        audit={ID: trail(RETRIED)},
        finals=final("completed", attempts=2),
    ),
    "shed, then completed": history(
        orders=ordered(faults=({"status": 503, "retryAfter": 1},)),
        requests=(request(503, fault="status:503"), request(200, 2, ran=True)),
        audit={ID: trail(RETRIED)},
        finals=final("completed", attempts=2),
    ),
    "ambiguous and repeated, as the contract carries the id": history(
        "data-actions",
        requests=(request(500, fault="status:500", ran=True), request(200, 2, repeat=True)),
        audit={ID: trail(RETRIED)},
        finals=final("completed", attempts=2),
    ),
    "ran twice with permission": history(
        orders=ordered(idempotent=True),
        runs={TRACE: 2},
        requests=(request(None, fault="reset:after_run", ran=True), request(200, 2, ran=True)),
        audit={ID: trail(RETRIED)},
        finals=final("completed", attempts=2),
    ),
    "ran again after its worker died, and the second result is not the large one": history(
        orders=ordered(idempotent=True, result_bytes=100_000),
        runs={TRACE: 2},
        requests=(request(200, ran=True), request(200, 2, ran=True)),
        audit={ID: trail(RETRIED)},
        finals=final("completed", attempts=2),
    ),
    "refused": history(
        runs={}, requests=(request(400, fault="status:400"),), audit={ID: trail(FAILED)}, finals=final("failed")
    ),
    "ran, and the answer said that it failed": history(
        requests=(request(400, ran=True),), audit={ID: trail(FAILED)}, finals=final("failed")
    ),
    "ran, and the webhook said that it failed": history(
        "data-actions",
        callbacks=(Callback(ID, "failed", (200,)),),
        audit={ID: trail(FAILED)},
        finals=final("failed"),
    ),
    "ambiguous": history(requests=(AMBIGUOUS,), runs={}, audit={ID: trail(UNKNOWN)}, finals=final("unknown")),
    "its worker died": history(audit={ID: trail(UNKNOWN, unknown="worker_lost")}, finals=final("unknown")),
    "a late webhook made it clear": history(
        "data-actions",
        audit={ID: trail((*UNKNOWN, ("webhook_received", "unknown"), ("completed", "completed")))},
    ),
    "answered from the cache": history(
        orders=(
            *ordered(cached=True),
            Order("twin", "other trace", ACTION, INPUTS, "calm", cached=True),
        ),
        log=(entry(200, "completed"),),
        runs={"other trace": 1},
        requests=(replace(request(200, ran=True), trace_id="other trace"),),
        audit={ID: trail((("cache_hit", "completed"),)), "twin": trail(COMPLETED)},
        finals=final("completed", cacheStatus="hit", attempts=0) | {"twin": final("completed")[ID]},
    ),
    "a large result was lost with its worker, and it says so": history(
        orders=ordered(result_bytes=100_000),
        finals=final("completed", result=None, error={"code": "result_not_stored"}),
    ),
    "the rival came second": history(
        orders=ordered(rival_inputs={"order": 2}),
        log=(entry(202), entry(409, "execution_conflict", rival=True, answered=None)),
    ),
    "the rival came first": history(
        orders=ordered(rival_inputs={"order": 2}),
        log=(entry(202, rival=True), entry(409, "execution_conflict", answered=None)),
        finals=final("completed", result={"echo": {"order": 2}, "actionId": ACTION}),
    ),
    "delivered": history(finals=final("completed", webhookStatus="delivered"), delivered={ID: ("completed",)}),
    "never accepted": history(
        log=(entry(503, "queue_unavailable", answered=None),), runs={}, requests=(), audit={}, finals={}
    ),
}

VIOLATIONS: dict[str, tuple[Broken, History]] = {
    "still running": (
        Broken.LOST,
        history(audit={ID: trail(COMPLETED[:2])}, finals=final("running", code=None)),
    ),
    "gone": (Broken.LOST, history(audit={}, finals={})),
    "ran twice": (
        Broken.RAN_TWICE,
        history(
            runs={TRACE: 2},
            requests=(THROTTLED, request(200, 2, ran=True)),
            audit={ID: trail(RETRIED)},
            finals=final("completed", attempts=2),
        ),
    ),
    "ran twice though the contract carries the id": (
        Broken.RAN_TWICE,
        history(
            "data-actions",
            orders=ordered(idempotent=True),
            runs={ID: 2},
            requests=(request(500, ran=True), request(200, 2, ran=True)),
            audit={ID: trail(RETRIED)},
            finals=final("completed", attempts=2),
        ),
    ),
    "asked again, and only luck kept it from running twice": (
        Broken.RISKED,
        history(
            requests=(AMBIGUOUS, request(200, 2, ran=True)),
            audit={ID: trail(RETRIED)},
            finals=final("completed", attempts=2),
        ),
    ),
    "a 503 without Retry-After is not shed": (
        Broken.RISKED,
        history(
            requests=(request(503, fault="status:503"), request(200, 2, ran=True)),
            audit={ID: trail(RETRIED)},
            finals=final("completed", attempts=2),
        ),
    ),
    "failed, and it ran": (
        Broken.SILENT_FAILURE,
        history("data-actions", audit={ID: trail(FAILED)}, finals=final("failed")),
    ),
    "failed by the refusal of another request than the one that ran": (
        Broken.SILENT_FAILURE,
        history(
            "data-actions",
            requests=(request(500, ran=True), request(400, 2)),
            audit={ID: trail((*RETRIED[:-1], ("failed", "failed")))},
            finals=final("failed", attempts=2),
        ),
    ),
    "failed by throttling": (
        Broken.UNFOUNDED_FAILURE,
        history(runs={}, requests=(THROTTLED,), audit={ID: trail(FAILED)}, finals=final("failed")),
    ),
    "completed, and never ran": (
        Broken.PHANTOM_SUCCESS,
        history(runs={}, requests=(request(200),)),
    ),
    "a hit on what never ran": (
        Broken.PHANTOM_SUCCESS,
        history(
            runs={},
            requests=(),
            audit={ID: trail((("cache_hit", "completed"),))},
            finals=final("completed", cacheStatus="hit", attempts=0),
        ),
    ),
    "another result": (Broken.WRONG_RESULT, history(finals=final("completed", result={"echo": {"order": 2}}))),
    "the refused rival's result": (
        Broken.WRONG_RESULT,
        history(
            orders=ordered(rival_inputs={"order": 2}),
            finals=final("completed", result={"echo": {"order": 2}, "actionId": ACTION}),
        ),
    ),
    "a small result is gone": (
        Broken.WRONG_RESULT,
        history(finals=final("completed", result=None, error={"code": "result_not_stored"})),
    ),
    "a large result is gone, and nothing says so": (
        Broken.WRONG_RESULT,
        history(orders=ordered(result_bytes=100_000), finals=final("completed", result=None)),
    ),
    "failed after an ambiguous end": (
        Broken.GUESSED,
        history(
            runs={},
            requests=(replace(THROTTLED, status=401), replace(AMBIGUOUS, sequence=2)),
            audit={ID: trail((*RETRIED[:-1], ("failed", "failed")))},
            finals=final("failed", attempts=2),
        ),
    ),
    "completed by a broken answer": (
        Broken.GUESSED,
        history(requests=(request(200, ran=True, fault="body:truncated"),)),
    ),
    "unknown by throttling": (
        Broken.UNFOUNDED_UNKNOWN,
        history(runs={}, requests=(THROTTLED,), audit={ID: trail(UNKNOWN)}, finals=final("unknown")),
    ),
    "unknown, and it does not say why": (
        Broken.UNFOUNDED_UNKNOWN,
        history(requests=(AMBIGUOUS,), runs={}, audit={ID: trail(UNKNOWN)}, finals=final("unknown", error=None)),
    ),
    "an answer said completed, the end says unknown": (
        Broken.OUTCOME_CHANGED,
        history(
            log=(entry(202), entry(200, "completed")),
            requests=(AMBIGUOUS,),
            audit={ID: trail(UNKNOWN)},
            finals=final("unknown"),
        ),
    ),
    "no entry at all": (
        Broken.NO_AUDIT,
        history(requests=(), runs={}, audit={}, finals=final("completed", attempts=0)),
    ),
    "an entry is missing": (
        Broken.AUDIT_GAP,
        history(audit={ID: (*trail(COMPLETED)[:1], *trail(COMPLETED)[2:])}),
    ),
    "an entry was changed": (
        Broken.AUDIT_CHANGED,
        history(audit={ID: (*trail(COMPLETED)[:2], replace(trail(COMPLETED)[2], latency_ms=7))}),
    ),
    "an entry was exchanged, hash and all": (
        Broken.AUDIT_CHANGED,
        history(audit={ID: (trail(COMPLETED, accepted="other")[0], *trail(COMPLETED)[1:])}),
    ),
    "the trail ends earlier": (Broken.AUDIT_DISAGREES, history(audit={ID: trail(COMPLETED[:2])})),
    "on record, and not in the API": (Broken.AUDIT_DISAGREES, history(finals={})),
    "completed out of cancelled": (
        Broken.ILLEGAL_STEP,
        history(
            audit={ID: trail((COMPLETED[0], ("cancelled", "cancelled"), STARTED, COMPLETED[2]))},
        ),
    ),
    "opened in the middle": (
        Broken.ILLEGAL_STEP,
        history(audit={ID: trail(COMPLETED[1:])}),
    ),
    "more requests than attempts": (
        Broken.ATTEMPTS,
        history(requests=(THROTTLED, request(200, 2, ran=True))),
    ),
    "more runs than requests": (Broken.ATTEMPTS, history(orders=ordered(idempotent=True), runs={TRACE: 2})),
    "an attempt that is not shown": (Broken.ATTEMPTS, history(audit={ID: trail(RETRIED)})),
    "an attempt's number twice": (
        Broken.ATTEMPTS,
        history(audit={ID: trail(RETRIED)}, finals=final("completed", attempts=3)),
    ),
    "both contents taken": (
        Broken.CONFLICT,
        history(orders=ordered(rival_inputs={"order": 2}), log=(entry(202), entry(200, rival=True))),
    ),
    "its own content a conflict": (
        Broken.CONFLICT,
        history(orders=ordered(rival_inputs={"order": 2}), log=(entry(202), entry(409, answered=None))),
    ),
    "another id in the answer": (Broken.CONFLICT, history(log=(entry(202, answered="another"),))),
    "a conflict without a rival": (Broken.REFUSED, history(log=(entry(409, answered=None), entry(202)))),
    "accepted, and not there when read": (
        Broken.REFUSED,
        history(log=(entry(202), replace(entry(404, "execution_not_found", answered=None), read=True))),
    ),
    "a caller read completed": (
        Broken.OUTCOME_CHANGED,
        history(
            log=(entry(202), replace(entry(200, "completed"), read=True)),
            requests=(AMBIGUOUS,),
            audit={ID: trail(UNKNOWN)},
            finals=final("unknown"),
        ),
    ),
    "a valid request refused": (Broken.REFUSED, history(log=(entry(422, "invalid_request", answered=None),))),
    "delivered to nobody": (
        Broken.NOT_DELIVERED,
        history(finals=final("completed", webhookStatus="delivered"), delivered={ID: ("unknown",)}),
    ),
}


@pytest.mark.parametrize("seen", FINE.values(), ids=FINE.keys())
def test_a_correct_history_breaks_nothing(seen: History) -> None:
    assert check(seen) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: 7} for name in tallies.truth(history())),
        *({part: [{"totalExecutions": 1}, {"totalExecutions": 1}]} for part in ("days", "hours", "actions")),
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_wrong_number_names_the_counter(wrong: dict[str, Any]) -> None:
    found = check(history(counted=counted(history(), **wrong)))

    assert {violation.broken for violation in found} == {Broken.MISCOUNTED}
    assert next(iter(wrong)) in {violation.execution_id for violation in found}


def test_the_truth_of_each_end_is_where_it_belongs() -> None:
    statuses = ("completed", "completed", "failed", "unknown", "cancelled", "running")
    finals = {f"{number}": final(status)[ID] for number, status in enumerate(statuses)}
    finals["1"] |= {"cacheStatus": "hit", "latencyMs": 0}

    assert tallies.truth(history(finals=finals)) == {
        "totalExecutions": 6,
        "successfulExecutions": 2,
        "failedExecutions": 1,
        "unknownExecutions": 1,
        "cancelledExecutions": 1,
        "inProgressExecutions": 1,
        "cacheHits": 1,
        "rejectedRequests": 0,
        "averageLatencyMs": 250,
    }


@pytest.mark.parametrize(("broken", "seen"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_given_a_broken_promise_when_checked_then_it_is_named(broken: Broken, seen: History) -> None:
    found = check(seen)

    assert broken in {violation.broken for violation in found}
    assert {violation.execution_id for violation in found} == {ID}


def test_every_kind_of_violation_has_a_history_that_shows_it() -> None:
    assert {broken for broken, _ in VIOLATIONS.values()} == set(Broken) - {Broken.MISCOUNTED} - OF_WORKFLOWS


def test_an_offenders_timeline_has_every_witness_in_order() -> None:
    seen = history("data-actions", callbacks=(Callback(ID, "completed", (502, 200)),))

    lines = timeline(cases(seen)[0])

    assert lines[0] == f"{ID} · calm · may not run again · trace {TRACE}"
    assert [line.split()[1] for line in lines[1:-2]] == ["audit", "caller", "genesys", "audit", "audit"]
    assert lines[-2].endswith("callback completed: 502, 200")
    assert lines[-1] == "  at last: completed, 1 attempts, error None; 1 runs"
