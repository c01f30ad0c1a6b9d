"""Log lines: each has the trace id of its execution, in every function and with every failure."""

import json
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

import pytest

from actionrelay.errors import QueueUnavailableError, StoreUnavailableError
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import ExecutionError, Outcome, Status
from actionrelay.strict_json import canonical
from actionrelay.webhooks.keys import parse_secret
from actionrelay.webhooks.signatures import StandardWebhooks
from actionrelay.webhooks.targets import DeliveryAnswer
from actionrelay.wiring import telemetry as observability
from tests.corpus import CASES, EVENTS, SIGNED_AT, WEBHOOK_SECRET, Case
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.fakes.relay import EXECUTION_ID, TRACE_ID, WEBHOOK_URL, a_draft
from tests.functional.conftest import STACK, Functions

LOST = Reply(ReplyKind.NO_ANSWER, 5, error=ExecutionError("no_answer", "none"))
THROTTLED = Reply(ReplyKind.HTTP_ERROR, 5, error=ExecutionError("too.many", "slow down", 429), retry_after="5")
ACCEPTED = Reply(ReplyKind.ACCEPTED, 5)


@dataclass(slots=True)
class Speaking:
    """The handlers of one relay that logs, and the lines since they were last read."""

    silent: Functions
    capsys: pytest.CaptureFixture[str]

    @property
    def functions(self) -> Functions:
        """The handlers. The logger is made when a test first asks for them, bound to that test's output."""
        self.silent.relay.telemetry = cast("RecordedTelemetry", observability.telemetry())
        return self.silent

    def lines(self) -> list[dict[str, Any]]:
        """Return the log lines, without those of EMF, which are about no single execution."""
        printed = [json.loads(line) for line in self.capsys.readouterr().out.splitlines() if line.startswith("{")]
        return [line for line in printed if "_aws" not in line]

    def asks(self, function: str, name: str, execution_id: str = EXECUTION_ID, **changes: Any) -> dict[str, Any]:
        """Call a function with an event of the corpus, for this execution."""
        event = event_of(function, name) | {"pathParameters": {"executionId": execution_id}} | changes
        return self.functions.call(function, event)

    def works(self, function: str, *execution_ids: str) -> dict[str, Any]:
        """Invoke a queue's function with one message for each execution."""
        batch = event_of(function, "unknown_execution")
        [record] = batch["Records"]
        batch["Records"] = [
            record | {"messageId": f"message-of-{each}", "body": json.dumps({"executionId": each})}
            for each in execution_ids
        ]
        return self.functions.call(function, batch)

    def receives(self, **document: Any) -> dict[str, Any]:
        """Send a signed webhook about the execution."""
        body = canonical({"executionId": EXECUTION_ID, **document})
        signed = StandardWebhooks.headers((parse_secret(WEBHOOK_SECRET),), "msg_1", SIGNED_AT, body)
        return self.asks("receive_webhook", "completed", headers=signed, multiValueHeaders={}, body=body.decode())


def event_of(function: str, name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / function / f"{name}.json").read_text(encoding="utf-8"))
    return event


@pytest.fixture
def speaking(functions: Functions, capsys: pytest.CaptureFixture[str]) -> Speaking:
    return Speaking(functions, capsys)


def summaries(lines: list[dict[str, Any]]) -> list[tuple[str, str | None, str | None]]:
    return [(line["message"], line.get("execution_id"), line.get("trace_id")) for line in lines]


# -- Every event --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_line_leads_to_its_execution_or_request(speaking: Speaking, case: Case) -> None:
    speaking.functions.call(case.function, case.event)

    records = speaking.functions.relay.store.records
    for line in speaking.lines():
        assert line["service"] == STACK
        recorded = records.get(line.get("execution_id", ""))
        if case.function in {"count", "export"}:
            assert not {"trace_id", "execution_id", "request_id"} & line.keys()  # about no single request
        elif "Records" in case.event:
            assert line["message_id"] in {record["messageId"] for record in case.event["Records"]}
            assert "trace_id" not in line  # in this corpus their messages name executions that are not on record
        else:
            request_id = case.event["requestContext"]["extendedRequestId"]
            assert line["request_id"] == request_id
            assert line["trace_id"] == (recorded.trace_id if recorded else request_id)


def test_the_corpus_makes_every_function_log(speaking: Speaking) -> None:
    spoke: Counter[str] = Counter()
    for case in CASES:
        speaking.functions.call(case.function, case.event)
        spoke[case.function] += len(speaking.lines())
    assert {function for function, lines in spoke.items() if lines} == {
        *(
            "validate",
            "execute",
            "receive_webhook",
            "deliver",
            "query",
            "count",
            "export",
            "preflight",
            "decide",
            "catalogue",
        ),
        "workflows",
    }


# -- One execution from start to end ------------------------------------------------------------------------------


def test_every_line_of_a_failing_execution_has_its_trace_id(
    speaking: Speaking,
) -> None:
    relay = speaking.functions.relay
    relay.given_queued(webhook_url=WEBHOOK_URL)
    relay.client.answer(THROTTLED, ACCEPTED)
    relay.gate.trouble.before("pause", StoreUnavailableError("down"))
    speaking.works("execute", EXECUTION_ID)  # attempt_ended, gate_not_paused
    relay.clock.time = (relay.record.next_at or 0) + 1
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    speaking.works("execute", EXECUTION_ID)  # awaits its webhook, whose reminder is not sent: refused
    relay.clock.time = SIGNED_AT * 1_000
    relay.payloads.inline_max = 0
    relay.payloads.trouble.before("put", StoreUnavailableError("down"))
    speaking.receives(status="completed", result={"total": 3})  # execution_ended, result_not_stored
    speaking.receives(status="failed", error="no")  # refused: its id belongs to other content
    speaking.asks("validate", "retry_not_found")  # refused: completed
    relay.sender.answer(DeliveryAnswer(200, None, 5.0))
    relay.store.trouble.before("save", RuntimeError("a bug"))
    relay.payloads.trouble.before("get", RuntimeError("a bug"))
    speaking.works("deliver", EXECUTION_ID)  # unexpected_error
    relay.payloads.trouble.before("get", RuntimeError("a bug"))
    speaking.asks("query", "execution_not_found")  # unexpected_error

    lines = speaking.lines()

    assert [line for line in summaries(lines) if line[1:] != (EXECUTION_ID, TRACE_ID)] == []
    assert Counter(line["message"] for line in lines) == {
        "attempt_ended": 1,
        "gate_not_paused": 1,
        "request_refused": 3,
        "execution_ended": 1,
        "result_not_stored": 1,
        "unexpected_error": 2,
    }


@pytest.mark.parametrize("decision", ["retry", "resolve", "cancel", "redeliver"])
def test_a_failed_decisions_line_has_the_trace_id(speaking: Speaking, decision: str) -> None:
    relay = speaking.functions.relay
    relay.given_ended(Outcome(Status.COMPLETED))
    name = "resolve_invalid" if decision == "resolve" else f"{decision}_not_found"
    body = json.dumps({"status": "failed", "error": "no"}) if decision == "resolve" else None

    response = speaking.asks("validate", name, EXECUTION_ID.upper(), body=body)

    [line] = speaking.lines()
    assert (line["message"], line["code"], line["trace_id"]) == ("request_refused", "wrong_state", TRACE_ID)
    assert line["request_id"] == json.loads(response["body"])["traceId"] != TRACE_ID


def test_a_conflicting_repeats_line_has_the_recorded_trace_id(
    speaking: Speaking,
) -> None:
    event = event_of("validate", "accepted")
    speaking.functions.call("validate", event)
    [recorded] = speaking.functions.relay.store.records.values()
    other = json.loads(event["body"]) | {"executionId": recorded.execution_id, "inputs": {"other": True}}

    speaking.functions.call("validate", event | {"body": json.dumps(other | {"traceId": TRACE_ID})})

    assert summaries(speaking.lines()) == [("request_refused", recorded.execution_id, recorded.trace_id)]


def test_a_line_about_an_unqueued_submission_has_its_trace_id(
    speaking: Speaking,
) -> None:
    speaking.functions.relay.queue.trouble.before("send", QueueUnavailableError("down"))
    speaking.functions.call("validate", event_of("validate", "accepted"))

    [recorded] = speaking.functions.relay.store.records.values()
    assert summaries(speaking.lines()) == [("request_refused", recorded.execution_id, recorded.trace_id)]


def test_a_line_about_an_end_says_how_long_it_took(speaking: Speaking) -> None:
    queued = speaking.functions.relay.given_queued()
    speaking.works("execute", EXECUTION_ID)

    [line] = speaking.lines()
    latency_ms = speaking.functions.relay.clock.time - queued.queued_at
    assert (line["message"], line["status"], line["latency_ms"]) == ("execution_ended", "completed", latency_ms)


# -- In parallel, and one after another ---------------------------------------------------------------------------


def test_ten_executions_at_once_keep_their_trace_ids_apart(
    speaking: Speaking,
) -> None:
    relay = speaking.functions.relay
    traces = {f"execution-{number}": f"trace-{number}" for number in range(10)}
    for execution_id, trace_id in traces.items():
        draft = a_draft(execution_id=execution_id, trace_id=trace_id)
        relay.store.put(ledger.accept(draft).paid())
    together = threading.Barrier(len(traces), timeout=10)
    relay.client.meanwhile = lambda: cast("None", together.wait())
    relay.client.answer(*[LOST] * len(traces))

    assert speaking.works("execute", *traces) == {"batchItemFailures": []}

    lines = speaking.lines()
    assert Counter(line["execution_id"] for line in lines) == dict.fromkeys(traces, 2)
    assert {line["message"] for line in lines} == {"attempt_ended", "execution_ended"}
    for line in lines:
        assert line["trace_id"] == traces[line["execution_id"]]
        assert line["message_id"] == f"message-of-{line['execution_id']}"


def test_the_next_events_lines_keep_nothing_of_the_last(
    speaking: Speaking,
) -> None:
    relay = speaking.functions.relay
    relay.given_ended(Outcome(Status.COMPLETED))
    speaking.asks("validate", "retry_not_found")
    speaking.works("execute", EXECUTION_ID)
    speaking.lines()

    speaking.functions.call("validate", event_of("validate", "not_json"))
    speaking.functions.call("execute", event_of("execute", "foreign_message"))
    observability.logger().info("between events")

    refused, foreign, _another, between = speaking.lines()
    assert (
        refused["trace_id"]
        == refused["request_id"]
        == event_of("validate", "not_json")["requestContext"]["extendedRequestId"]
    )
    assert "execution_id" not in refused
    assert not {"trace_id", "execution_id", "request_id"} & foreign.keys()
    assert not {"trace_id", "execution_id", "request_id", "message_id"} & between.keys()
