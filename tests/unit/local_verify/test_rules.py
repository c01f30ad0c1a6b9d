"""Each rule: what passes, and every fault that it detects."""

from dataclasses import replace

import pytest

from local.verify import rules
from local.verify.checks import CHECKS
from local.verify.facts import Alarms, Concurrency, Doors, Method, Queue, Reply, SharedToken, Table, Trigger, Versions
from local.verify.verdict import Outcome, Verdict

PROBLEM = Reply(403, "application/problem+json", {"code": "forbidden"})
UNAUTHENTIC = Reply(401, "application/problem+json", {"code": "invalid_signature"})
PAGE = Reply(200, "text/html")

METHODS = (
    Method("GET", "/executions", "AWS_IAM", needs_key=False, integration="arn"),
    Method("POST", "/executions", "NONE", needs_key=True, integration="arn"),
    Method("GET", "/console", "NONE", needs_key=False, integration="arn"),
    Method("POST", "/webhooks/genesys", "NONE", needs_key=False, integration="arn"),
)
DOORS = Doors({"GET /executions": PROBLEM, "GET /console": PAGE, "POST /webhooks/genesys": UNAUTHENTIC}, PROBLEM)
VERSIONS = Versions(
    (Trigger("sqs", "ExecuteFunction", "live"), Trigger("GET /health", "QueryFunction", "live")),
    {"ExecuteFunction": {"live": "7"}, "QueryFunction": {"live": "3"}},
)
QUEUE = Queue(
    "ExecutionQueue",
    is_dead_letter_queue=False,
    dead_letters_to="ExecutionDlq",
    refuses_plain_http=True,
    visibility_seconds=540,
    consumer_timeout_seconds=90,
)
DEAD_LETTERS = replace(
    QUEUE, name="ExecutionDlq", is_dead_letter_queue=True, dead_letters_to="", consumer_timeout_seconds=None
)
TABLE = Table("AuditTable", is_protected=True, can_be_restored=True)
TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"

WELL = {
    "gateway": rules.callers_are_asked(METHODS),
    "doors": rules.the_unknown_are_refused(DOORS),
    "problems": rules.refusals_are_problems(DOORS),
    "preflight": rules.it_can_execute(Reply(200, "application/json", {"checks": [{"name": "api", "status": "ok"}]})),
    "dry run": rules.a_request_is_judged(Reply(200, "application/json", {})),
    "execution": rules.an_action_runs(Reply(200, "application/json", {"status": "completed", "latencyMs": 5})),
    "versions": rules.versions_are_invoked(VERSIONS),
    "loops": rules.waits_are_no_loops(dict.fromkeys(rules.MAY_LOOP, "Allow")),
    "queues": rules.queues_lose_nothing((QUEUE, DEAD_LETTERS)),
    "TLS of queues": rules.queues_want_tls((QUEUE, DEAD_LETTERS)),
    "alarms": rules.somebody_is_called(Alarms({"ApiErrorsAlarm": (TOPIC,)}, {TOPIC: 1})),
    "a new account": rules.the_account_has_room(Concurrency(10, {"execute": 3, "deliver": 3, "export": 1})),
    "callers that wait": rules.the_account_has_room(Concurrency(17, {"execute": 4, "deliver": 2}, waiting=10)),
    "no token yet": rules.the_token_is_private(SharedToken("/token", None, "")),
    "a key of one's own": rules.the_token_is_private(SharedToken("/token", "SecureString", "arn:aws:kms:key")),
    "TLS": rules.tls_is_recent("TLS_1_2"),
    "deletion": rules.tables_stay((TABLE,)),
    "restoring": rules.tables_can_be_restored((TABLE,)),
}

FAULTS: dict[str, tuple[Verdict, str]] = {
    "a public route": (
        rules.callers_are_asked((replace(METHODS[0], authorization="NONE"), *METHODS[1:])),
        "GET /executions",
    ),
    "no methods": (rules.callers_are_asked(()), "no methods"),
    "an answer to anybody": (
        rules.the_unknown_are_refused(Doors({"GET /executions": Reply(200, "application/json", {})}, PROBLEM)),
        "GET /executions: 200",
    ),
    "a closed console": (rules.the_unknown_are_refused(Doors({"GET /console": PROBLEM}, PROBLEM)), "GET /console: 403"),
    "a webhook taken unsigned": (
        rules.the_unknown_are_refused(Doors({"POST /webhooks/genesys": PAGE}, PROBLEM)),
        "POST /webhooks/genesys: 200",
    ),
    "a plain refusal": (
        rules.refusals_are_problems(
            Doors({"GET /executions": Reply(403, "application/json", {"message": "no"})}, PROBLEM)
        ),
        "GET /executions",
    ),
    "a problem without code": (
        rules.refusals_are_problems(Doors({}, Reply(403, "application/problem+json", {}))),
        "an unknown path",
    ),
    "a failed preflight": (
        rules.it_can_execute(
            Reply(
                503,
                "application/problem+json",
                {"code": "preflight", "checks": [{"name": "token", "status": "failed", "advice": "renew it"}]},
            )
        ),
        "token: renew it",
    ),
    "a preflight that is refused": (rules.it_can_execute(PROBLEM), "execute-api:Invoke"),
    "a refused dry run": (rules.a_request_is_judged(PROBLEM), "403 forbidden"),
    "a broken function": (
        rules.a_request_is_judged(Reply(502, "application/problem+json", {"detail": "it broke"})),
        "it broke",
    ),
    "a failed action": (
        rules.an_action_runs(
            Reply(200, "application/json", {"status": "failed", "error": {"code": "action_failed", "message": "why"}})
        ),
        "why",
    ),
    "an action without an end": (rules.an_action_runs(Reply(200, "application/json", {"status": "queued"})), "queued"),
    "$LATEST invoked": (
        rules.versions_are_invoked(replace(VERSIONS, triggers=(Trigger("sqs", "ExecuteFunction", ""),))),
        "sqs of ExecuteFunction",
    ),
    "an alias of $LATEST": (
        rules.versions_are_invoked(replace(VERSIONS, aliases={"ExecuteFunction": {"live": "$LATEST"}})),
        "sqs of ExecuteFunction",
    ),
    "nothing invoked": (rules.versions_are_invoked(Versions((), {})), "nothing invokes"),
    "loops ended": (
        rules.waits_are_no_loops({"ExecuteFunction": "Allow", "DeliverFunction": "Terminate"}),
        "DeliverFunction",
    ),
    "no dead-letter queue": (rules.queues_lose_nothing((replace(QUEUE, dead_letters_to=""),)), "ExecutionQueue has no"),
    "a short visibility": (rules.queues_lose_nothing((replace(QUEUE, visibility_seconds=539),)), "six timeouts"),
    "no queues": (rules.queues_lose_nothing(()), "no queues"),
    "messages in the clear": (rules.queues_want_tls((replace(QUEUE, refuses_plain_http=False),)), "ExecutionQueue"),
    "an alarm without topic": (
        rules.somebody_is_called(Alarms({"ApiErrorsAlarm": (), "OtherAlarm": (TOPIC,)}, {TOPIC: 1})),
        "ApiErrorsAlarm",
    ),
    "a topic that nobody hears": (rules.somebody_is_called(Alarms({"ApiErrorsAlarm": (TOPIC,)}, {TOPIC: 0})), TOPIC),
    "a topic that is gone": (rules.somebody_is_called(Alarms({"ApiErrorsAlarm": (TOPIC,)}, {TOPIC: None})), TOPIC),
    "a small account": (
        rules.the_account_has_room(Concurrency(9, {"execute": 3, "deliver": 3, "export": 1})),
        "account 9",
    ),
    "a token in the clear": (rules.the_token_is_private(SharedToken("/token", "String", "")), "a String"),
    "no deletion protection": (rules.tables_stay((replace(TABLE, is_protected=False),)), "AuditTable"),
    "no recovery": (rules.tables_can_be_restored((replace(TABLE, can_be_restored=False),)), "AuditTable"),
}

WARNINGS: dict[str, tuple[Verdict, str]] = {
    "a degraded preflight": (
        rules.it_can_execute(
            Reply(200, "application/json", {"checks": [{"name": "clock", "status": "warning", "detail": "5 s off"}]})
        ),
        "clock: 5 s off",
    ),
    "the key of everybody": (
        rules.the_token_is_private(SharedToken("/token", "SecureString", "alias/aws/ssm")),
        "TokenKeyArn",
    ),
    "old TLS": (rules.tls_is_recent("TLS_1_0"), "TLS_1_2"),
    "no TLS policy": (rules.tls_is_recent(""), "TLS_1_2"),
}


def test_nobody_is_on_call_for_a_local_world() -> None:
    verdict = rules.somebody_is_called(Alarms({"ApiErrorsAlarm": ()}, {}, may_be_silent=True))
    assert verdict.outcome is Outcome.ABSENT
    subscribed = rules.somebody_is_called(Alarms({"ApiErrorsAlarm": (), "OtherAlarm": (TOPIC,)}, {TOPIC: 1}, True))
    assert subscribed.outcome is Outcome.FAILED


@pytest.mark.parametrize("verdict", WELL.values(), ids=WELL)
def test_what_is_well_passes(verdict: Verdict) -> None:
    assert verdict.outcome is Outcome.OK
    assert verdict.seen
    assert not verdict.advice


@pytest.mark.parametrize(("verdict", "named"), FAULTS.values(), ids=FAULTS)
def test_a_fault_fails_is_named_and_has_advice(verdict: Verdict, named: str) -> None:
    assert verdict.outcome is Outcome.FAILED
    assert named in f"{verdict.seen} {verdict.advice}"
    assert verdict.advice


@pytest.mark.parametrize(("verdict", "named"), WARNINGS.values(), ids=WARNINGS)
def test_what_somebody_should_know_is_a_warning(verdict: Verdict, named: str) -> None:
    assert verdict.outcome is Outcome.WARNING
    assert named in f"{verdict.seen} {verdict.advice}"


def test_every_rule_of_the_table_can_fail_or_warn() -> None:
    public = {
        name
        for name in vars(rules)
        if callable(getattr(rules, name)) and getattr(rules, name).__module__ == rules.__name__
    }
    judged = {check.judge.__name__ for check in CHECKS} | {rules.an_action_runs.__name__}
    assert judged == {name for name in public if not name.startswith("_")}
