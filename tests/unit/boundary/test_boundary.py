"""Lambda's events in, answers out, and what is logged and measured in between."""

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from actionrelay.boundary import batch, http
from actionrelay.boundary.request import HttpRequest, read_request
from actionrelay.boundary.submissions import decided, submitted
from actionrelay.errors import (
    ActionRelayError,
    ExecutionConflictError,
    ExecutionNotFoundError,
    InvalidRequestError,
    LeaseHeldError,
    MalformedJsonError,
    MessageUnreadableError,
    OutcomeConflictError,
    PayloadTooLargeError,
    QueueUnavailableError,
    RecordUnreadableError,
    SecretUnavailableError,
    StoreUnavailableError,
    UnauthenticWebhookError,
    WrongStateError,
)
from actionrelay.fault import Fault
from actionrelay.lanes import Lane
from actionrelay.ledger.execution import Outcome, PayloadRef, Status, WorkflowPlace
from actionrelay.ledger.message import DeliveryMessage, Message, MessageKind, WorkflowMessage
from actionrelay.signals import Count, Duration
from actionrelay.wiring.telemetry import logger, observed, telemetry
from tests.fakes.queues import RecordedDeadLetters
from tests.fakes.relay import EXECUTION_ID, TRACE_ID, Relay, a_request, encoded

pytestmark = pytest.mark.usefixtures("powertools")
CALLER = "0123456789abcdef"

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


@dataclass(slots=True)
class Context:
    """What a handler gets from Lambda about its invocation."""

    function_name: str = "validate"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:validate"
    aws_request_id: str = REQUEST_ID
    remaining_ms: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def proxy_event(**changes: Any) -> dict[str, Any]:
    context = {"requestId": REQUEST_ID, "identity": {"userArn": "arn:aws:iam::123456789012:user/caller"}}
    return {"httpMethod": "GET", "resource": "/health", "requestContext": context, "body": "{}", **changes}


def raising(error: Exception) -> dict[str, http.Handler]:
    def handle(_request: HttpRequest) -> dict[str, Any]:
        raise error

    return {"getHealth": handle}


# -- Answers --


def test_an_answered_document_is_uncached_json() -> None:
    answer = http.answer(202, {"a": "ü"}, {"Location": "/x"})
    assert (answer["statusCode"], answer["body"]) == (202, '{"a":"ü"}')
    assert answer["headers"] == {"Content-Type": "application/json", "Cache-Control": "no-store", "Location": "/x"}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (MalformedJsonError("x"), 400, "malformed_json"),
        (UnauthenticWebhookError("x"), 401, "unauthentic_webhook"),
        (ExecutionNotFoundError("x"), 404, "execution_not_found"),
        (ExecutionConflictError("x"), 409, "execution_conflict"),
        (OutcomeConflictError("x"), 409, "outcome_conflict"),
        (WrongStateError("x"), 409, "wrong_state"),
        (PayloadTooLargeError("x"), 413, "payload_too_large"),
        (InvalidRequestError((Fault("/a", "schema", "d"),)), 422, "invalid_request"),
        (QueueUnavailableError("x"), 503, "queue_unavailable"),
        (StoreUnavailableError("x"), 503, "store_unavailable"),
        (SecretUnavailableError("x"), 503, "secret_unavailable"),
    ],
)
def test_an_error_is_a_problem_document(error: ActionRelayError, status: int, code: str) -> None:
    answer = http.serve(proxy_event(), raising(error))
    problem = json.loads(answer["body"])
    assert answer["statusCode"] == problem["status"] == status
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "traceId"} <= set(problem)
    assert (problem["code"], problem["traceId"]) == (code, REQUEST_ID)
    assert problem["type"] == f"urn:actionrelay:problem:{code}"
    assert ("Retry-After" in answer["headers"]) == (status == 503)


def test_faults_are_listed_with_place_and_cycle_path() -> None:
    faults = (Fault("/a", "schema", "d"), Fault("/b", "cycle", "e", ("a", "b", "a")))
    problem = json.loads(http.serve(proxy_event(), raising(InvalidRequestError(faults)))["body"])
    assert problem["detail"] == "2 faults found"
    assert problem["errors"] == [
        {"pointer": "/a", "code": "schema", "detail": "d"},
        {"pointer": "/b", "code": "cycle", "detail": "e", "path": ["a", "b", "a"]},
    ]


def test_an_unqueued_request_returns_its_id() -> None:
    answer = http.serve(proxy_event(), raising(QueueUnavailableError("x", execution_id=EXECUTION_ID)))
    assert json.loads(answer["body"])["executionId"] == EXECUTION_ID


def test_a_bug_shows_a_trace_id_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = http.serve(
        proxy_event(requestContext=None, resource="/console"),
        {"getConsole": raising(RuntimeError("s3cret detail"))["getHealth"]},
    )
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (500, "internal_error")
    assert "s3cret" not in answer["body"]
    out = capsys.readouterr().out
    assert problem["traceId"] in out
    assert "RuntimeError" in out
    assert "s3cret" not in out


@pytest.mark.parametrize(
    ("result", "fits"),
    [
        ("x" * 5_000_000, True),
        (["y"] * 1_000_000, True),
        (["y"] * 1_250_000, False),  # 5 MB of JSON, and 7.5 MB as a string within JSON
        ("\N{EURO SIGN}" * 2_000_000, True),
        ("\N{EURO SIGN}" * 2_200_000, False),
    ],
    ids=["text", "quotes", "many quotes", "three bytes each", "too many of them"],
)
def test_a_result_of_megabytes_is_returned_if_lambda_can(result: Any, fits: bool) -> None:
    answered = http.answer(200, {"status": "completed", "result": result, "error": None})
    assert len(json.dumps(answered, ensure_ascii=False).encode()) <= 6 * 1_024 * 1_024
    document = json.loads(answered["body"])
    assert document["status"] == "completed"
    if fits:
        assert document["result"] == result
    else:
        assert (document["result"], document["error"]["code"]) == (None, "result_too_large")


def a_post(body: bytes, prefer: str | None = None, *, dry_run: bool = False) -> HttpRequest:
    return read_request(
        {
            "body": body.decode(),
            "headers": {"Prefer": prefer} if prefer else {},
            "queryStringParameters": {"dryRun": "true"} if dry_run else {},
            "requestContext": {"path": "/v1/executions"},
        }
    )


def test_a_submission_is_202_when_new_and_200_when_known() -> None:
    relay = Relay()
    body = encoded(a_request(executionId=EXECUTION_ID, traceId=TRACE_ID))
    answers = []
    for dry_run in (True, False, False):
        answers.append(submitted(relay.submitting, a_post(body, dry_run=dry_run), relay.ending))
        relay.clock.advance(1)
    dry, new, again = answers
    assert [answer["statusCode"] for answer in answers] == [200, 202, 200]
    assert json.loads(dry["body"])["cacheResults"] is True
    assert new["headers"]["Location"] == f"/v1/executions/{EXECUTION_ID}"
    assert new["headers"]["X-Trace-Id"] == TRACE_ID
    assert json.loads(again["body"])["status"] == "queued"


def test_a_submission_that_waits_is_200_when_it_has_ended() -> None:
    relay = Relay()
    relay.sleep.planned[300] = relay.work
    body = encoded(a_request(executionId=EXECUTION_ID))
    answer = submitted(relay.submitting, a_post(body, "wait=20"), relay.ending)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Preference-Applied"] == "wait=20"
    assert answer["headers"]["Location"] == f"/v1/executions/{EXECUTION_ID}"
    assert json.loads(answer["body"])["status"] == "completed"


@pytest.mark.parametrize("slots", [0, 2])
def test_a_submission_that_waits_in_vain_is_202(slots: int) -> None:
    relay = Relay()
    relay.slots.most = slots
    answer = submitted(relay.submitting, a_post(encoded(a_request()), "wait=2"), relay.ending)
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (202, "queued")
    assert "Preference-Applied" not in answer["headers"]
    assert sum(relay.sleep.slept) == (2_000 if slots else 0)


def test_a_dry_run_waits_for_nothing() -> None:
    relay = Relay()
    submitted(relay.submitting, a_post(encoded(a_request()), "wait=2", dry_run=True), relay.ending)
    assert relay.sleep.slept == []


def test_a_table_that_fails_after_acceptance_takes_nothing_back() -> None:
    relay = Relay()
    relay.store.trouble.before("load", StoreUnavailableError("down"))
    answer = submitted(relay.submitting, a_post(encoded(a_request()), "wait=20"), relay.ending)
    assert answer["statusCode"] == 202


@pytest.mark.parametrize("status", [200, 202])
def test_a_decision_shows_the_execution_as_it_left_it(status: int) -> None:
    relay = Relay()
    answer = decided(status, relay.given_completed({"total": 3}), relay.operating)
    assert answer["statusCode"] == status
    assert answer["headers"]["X-Trace-Id"] == TRACE_ID
    document = json.loads(answer["body"])
    assert (document["executionId"], document["status"]) == (EXECUTION_ID, "completed")
    assert document["result"] == {"total": 3}


def test_a_large_result_being_stored_shows_as_running() -> None:
    relay = Relay()
    ended = relay.given_ended(Outcome(Status.COMPLETED, result=PayloadRef("not there yet", 9, "digest")))
    document = json.loads(decided(200, ended, relay.operating)["body"])
    assert (document["status"], document["completedAt"]) == ("running", None)


# -- Batches --


def a_batch(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]}


def serve(
    event: dict[str, Any], handle: batch.MessageHandler[Message], context: Context | None = None
) -> dict[str, Any]:
    """Serve a batch of which every message is handled alike."""
    return batch.serve(event, context or Context(), lambda _messages: handle, RecordedDeadLetters)  # type: ignore[arg-type]


def failed_in(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_given_a_batch_when_some_fail_then_only_those_return() -> None:
    def handle(message: Message, _ends_at: int) -> None:
        match message.execution_id:
            case "held":
                raise LeaseHeldError("x", 1, execution_id="held")
            case "bug":
                raise RuntimeError("bug")

    event = a_batch('{"executionId":"fine"}', '{"executionId":"held"}', '{"executionId":"bug"}', "garbage")
    assert failed_in(serve(event, handle)) == ["m1", "m2"]


def test_a_batch_prepares_once_for_all_readable_messages() -> None:
    prepared: list[tuple[str, ...]] = []
    worked_on: set[str] = set()

    def prepare(messages: Sequence[Message]) -> batch.MessageHandler[Message]:
        prepared.append(tuple(message.execution_id for message in messages))
        return lambda message, _ends_at: worked_on.add(message.execution_id)

    event = a_batch("garbage", '{"executionId":"a"}', '{"kind":"run"}', '{"executionId":"b"}')
    answer = batch.serve(event, Context(), prepare, RecordedDeadLetters)  # type: ignore[arg-type]
    assert prepared == [("a", "b")]
    assert worked_on == {"a", "b"}
    assert failed_in(answer) == []


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": None}, {"Records": ["garbage"]}])
def test_without_a_readable_message_nothing_is_prepared(event: dict[str, Any]) -> None:
    records = [a_batch(body)["Records"][0] for body in event.get("Records") or ()]
    event |= {"Records": records}
    unprepared = raising(RuntimeError("prepared"))
    answer = batch.serve(event, Context(), unprepared, RecordedDeadLetters)  # type: ignore[arg-type]
    assert failed_in(answer) == []


def test_returned_messages_are_counted_by_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def handle(_message: Message, _ends_at: int) -> None:
        raise QueueUnavailableError("down")

    serve(a_batch('{"executionId":"x"}', "garbage"), handle)
    lines = [line for line in printed(capsys) if "message_id" in line]
    assert {(line["message_id"], line["message"]) for line in lines} == {
        ("m0", "request_refused"),
        ("m1", "request_refused"),
    }


def test_ten_messages_are_worked_on_at_the_same_time() -> None:
    together = threading.Barrier(10, timeout=5)

    def meet() -> None:
        together.wait()

    event = a_batch(*['{"executionId":"x"}'] * 10)
    assert failed_in(serve(event, lambda _message, _ends_at: meet())) == []


def test_the_handler_knows_when_its_time_ends() -> None:
    ends: list[int] = []
    for remaining_ms in (0, 9_000):
        serve(
            a_batch('{"executionId":"x"}'), lambda _, ends_at: ends.append(ends_at), Context(remaining_ms=remaining_ms)
        )
    assert 9_000 <= ends[1] - ends[0] < 14_000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"executionId":"x","kind":"run"}', Message("x")),
        ('{"executionId":"x","kind":"deadline"}', Message("x", MessageKind.DEADLINE)),
        ('{"executionId":"x"}', Message("x")),
        ('{"executionId":"x","kind":"run","version":3,"dueAt":17}', Message("x", version=3, due_at=17)),
        ('{"executionId":"x","lane":"bulk","caller":"0123456789abcdef"}', Message("x", lane=Lane.BULK, caller=CALLER)),
        ('{"executionId":"x","lane":"express","caller":"0123456789ABCDEF"}', Message("x")),
        ('{"executionId":"x","lane":["bulk"],"caller":7}', Message("x")),
    ],
)
def test_a_message_reads_back_as_it_was_sent(body: str, message: Message) -> None:
    assert asdict(batch.read_message(body)) == asdict(message)


@pytest.mark.parametrize(
    ("body", "message", "log_ids"),
    [
        ('{"executionId":"x","version":3}', DeliveryMessage("x", version=3), {"execution_id": "x"}),
        ('{"workflowId":"w","version":3}', DeliveryMessage("w", MessageKind.WORKFLOW, 3), {"workflow_id": "w"}),
        ('{"workflowId":"w","version":"3"}', DeliveryMessage("w", MessageKind.WORKFLOW), {"workflow_id": "w"}),
    ],
)
def test_a_delivery_message_names_its_subject(body: str, message: DeliveryMessage, log_ids: dict[str, str]) -> None:
    read = batch.read_delivery_message({"body": body})
    assert asdict(read) == asdict(message)
    assert read.log_ids == log_ids


@pytest.mark.parametrize("body", ["", "x", "[]", "{}", "null", '{"executionId":7}', '{"workflowId":"a b"}'])
def test_a_foreign_delivery_message_is_not_ours(body: str) -> None:
    with pytest.raises(MessageUnreadableError):
        batch.read_delivery_message({"body": body})


UNWORKABLE = (
    '{"executionId":"' + "x" * 3_000 + '"}',
    '{"executionId":"' + "x" * 129 + '"}',
    '{"executionId":""}',
    '{"executionId":null}',
    '{"executionId":"a b"}',
    '{"executionId":"\\ud800"}',
    '{"executionId":["x"]}',
    "[" * 100_000,
    "1" * 5_000,
)


@pytest.mark.parametrize("body", ["garbage", "", *UNWORKABLE])
def test_what_nobody_can_work_on_is_buried_with_a_reason(body: str, capsys: pytest.CaptureFixture[str]) -> None:
    letters = RecordedDeadLetters()
    worked_on: list[str] = []
    event = a_batch(body, '{"executionId":"fine"}')

    def prepare(_messages: Sequence[Message]) -> batch.MessageHandler[Message]:
        return lambda message, _ends_at: worked_on.append(message.execution_id)

    answer = batch.serve(event, Context(), prepare, lambda: letters)  # type: ignore[arg-type]
    assert failed_in(answer) == []
    assert letters.kept == [(body or "(no body)", "message_unreadable")]
    assert worked_on == ["fine"]
    assert [line["code"] for line in printed(capsys) if line.get("message_id") == "m0"] == ["message_unreadable"]


def test_a_message_about_an_unreadable_record_is_buried() -> None:
    letters = RecordedDeadLetters()

    def handle(_message: Message, _ends_at: int) -> None:
        raise RecordUnreadableError("x")

    answer = batch.serve(a_batch('{"executionId":"x"}'), Context(), lambda _: handle, lambda: letters)  # type: ignore[arg-type]
    assert failed_in(answer) == []
    assert letters.kept == [('{"executionId":"x"}', "record_unreadable")]


def test_a_letter_that_cannot_be_sent_returns() -> None:
    letters = RecordedDeadLetters()
    letters.trouble.before("put", QueueUnavailableError("down"))
    answer = batch.serve(a_batch("garbage"), Context(), raising(RuntimeError("x")), lambda: letters)  # type: ignore[arg-type]
    assert failed_in(answer) == ["m0"]


@pytest.mark.parametrize(
    "body", ["", "x", "[]", "{}", '"x"', "null", '{"executionId":"x","kind":"dance"}', *UNWORKABLE]
)
def test_a_foreign_message_is_not_ours(body: str) -> None:
    with pytest.raises(MessageUnreadableError):
        batch.read_message(body)


# -- Observability --


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_metrics_go_out_as_emf_when_the_handler_returns(capsys: pytest.CaptureFixture[str]) -> None:
    @observed
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry().count(Count.EXECUTIONS_ACCEPTED)
        telemetry().count(Count.REQUESTS_REFUSED, "invalid_request")
        telemetry().duration(Duration.QUEUE_WAIT, 12.5)
        return {"ok": True}

    assert handler({}, Context()) == {"ok": True}  # type: ignore[arg-type]
    emf = [line for line in printed(capsys) if "_aws" in line]
    together = next(line for line in emf if "QueueWait" in line)
    assert (together["service"], together["QueueWait"], together["ExecutionsAccepted"]) == ("validate", [12.5], [1.0])
    by_code = next(line for line in emf if "RequestsRefusedByCode" in line)
    assert (by_code["service"], by_code["code"]) == ("validate", "invalid_request")
    assert {line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in emf} == {"actionrelay"}
    assert {tuple(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) for line in emf} == {
        ("service",),
        ("service", "code"),
    }


def test_a_raising_handler_still_sends_its_metrics(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @observed
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry().count(Count.EXECUTIONS_ACCEPTED)
        raise RuntimeError("bug")

    with pytest.raises(RuntimeError):
        handler({}, Context())  # type: ignore[arg-type]
    assert any("ExecutionsAccepted" in line for line in printed(capsys))


def test_without_metrics_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    observed(lambda event, context: {})({}, Context())  # type: ignore[arg-type]
    assert [line for line in printed(capsys) if "_aws" in line] == []


def test_an_event_is_one_log_line_without_absent_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry().event("execution_ended", execution_id="x", code=None)
    [line] = printed(capsys)
    assert (line["message"], line["execution_id"], line["service"]) == ("execution_ended", "x", "validate")
    assert "code" not in line


@pytest.mark.parametrize(
    ("error", "level"), [(MalformedJsonError("x", size=1), "INFO"), (StoreUnavailableError("x", aws_code="y"), "ERROR")]
)
def test_a_refusals_log_level_says_whose_fault_it_is(
    capsys: pytest.CaptureFixture[str], error: ActionRelayError, level: str
) -> None:
    http.serve(proxy_event(), raising(error))
    line = next(line for line in printed(capsys) if line.get("message") == "request_refused")
    assert (line["level"], line["code"], line["trace_id"]) == (level, error.code, REQUEST_ID)


def test_given_a_body_when_refused_then_no_line_repeats_it(capsys: pytest.CaptureFixture[str]) -> None:
    relay = Relay()
    body = encoded(a_request(inputs={"card": "4111-1111"}, timeout=0, webhookUrl="https://u:pw99@example.com/"))

    def handle(request: HttpRequest) -> dict[str, Any]:
        relay.submitting.submit(request.body)
        return {}

    answer = http.serve(proxy_event(body=body.decode()), {"getHealth": handle})
    out = capsys.readouterr().out
    assert answer["statusCode"] == 422
    assert "4111-1111" not in out + answer["body"]
    assert "pw99" not in out + answer["body"]


def test_given_the_logger_when_asked_for_twice_then_it_is_one() -> None:
    assert logger() is logger()


@pytest.mark.parametrize(
    ("body", "received", "read"),
    [
        ({"step": "a", "index": 3}, 1, WorkflowMessage("w", WorkflowPlace("w", "a", 3))),
        ({"step": "a"}, 2, WorkflowMessage("w", again=True)),
        ({"again": True, "watch": 1}, 1, WorkflowMessage("w", watch=1, again=True)),
        ({"step": 7, "watch": "soon", "again": "yes"}, 1, WorkflowMessage("w")),
    ],
)
def test_a_workflow_message_says_whether_it_is_seen_again(
    body: dict[str, Any], received: int, read: WorkflowMessage
) -> None:
    record = {
        "body": json.dumps({"workflowId": "w", **body}),
        "attributes": {"ApproximateReceiveCount": str(received)},
    }
    assert batch.read_workflow_message(record) == read
