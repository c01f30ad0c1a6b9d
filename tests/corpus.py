"""The expected response to every file in ``events/``, for all tests that run them: in this process, and in containers.

A signature holds for one secret and for five minutes. Those in ``events/receive_webhook`` were made with
``WEBHOOK_SECRET`` at ``SIGNED_AT``; where that matters, a case says what comes of it there and then (`expects`) and
what comes of it with any other secret, or today (`today`).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

EVENTS = Path(__file__).resolve().parents[1] / "events"

SIGNED_AT = 1_764_000_000
"""When the signed webhooks were signed, in seconds since the epoch."""

WEBHOOK_SECRET = "whsec_YWN0aW9ucmVsYXktZXhhbXBsZS1zZWNyZXQtMzItYnl0ZXM="


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of a problem's `errors`, without its `detail`."""

    pointer: str
    code: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The response of an HTTP function: its status and, for a problem, its code and its faults in any order."""

    status: int
    code: str | None = None
    faults: frozenset[Fault] = frozenset()

    @classmethod
    def read(cls, response: dict[str, Any]) -> Self:
        """Read the response of an API Gateway proxy integration."""
        problem: dict[str, Any] = {}
        if response["headers"]["Content-Type"] == "application/problem+json":
            problem = json.loads(response["body"])
        faults = frozenset(Fault(fault["pointer"], fault["code"]) for fault in problem.get("errors", ()))
        return cls(response["statusCode"], problem.get("code"), faults)


@dataclass(frozen=True, slots=True)
class Returned:
    """The response of a queue's function: the ids of the messages that failed."""

    message_ids: tuple[str, ...] = ()

    @classmethod
    def read(cls, response: dict[str, Any]) -> Self:
        """Read the response of an SQS event source with `ReportBatchItemFailures`."""
        return cls(tuple(failure["itemIdentifier"] for failure in response["batchItemFailures"]))


@dataclass(frozen=True, slots=True)
class Exported:
    """The response of a day's export: what it wrote."""

    executions: int = 0
    entries: int = 0
    bytes: int = 0
    flaws: int = 0

    @classmethod
    def read(cls, response: dict[str, Any]) -> Self:
        """Read the function's response."""
        return cls(response["executions"], response["entries"], response["bytes"], response["flaws"])


@dataclass(frozen=True, slots=True)
class Counted:
    """The response of a stream's function: the empty state of its window. A batch that fails raises."""

    state: tuple[str, ...] = ()

    @classmethod
    def read(cls, response: dict[str, Any]) -> Self:
        """Read the response of a DynamoDB event source with a tumbling window."""
        return cls(tuple(response["state"]))


type Expectation = Answered | Returned | Exported | Counted


@dataclass(frozen=True, slots=True)
class Case:
    """One file: its function, its name without the suffix, and the expected response."""

    function: str
    name: str
    expects: Expectation
    """With `WEBHOOK_SECRET`, at `SIGNED_AT`, in a deployment without executions."""
    expects_now: Expectation | None = None
    """With another secret, or today; None if that makes no difference."""

    def __str__(self) -> str:
        return f"{self.function}/{self.name}"

    @property
    def path(self) -> Path:
        """The file."""
        return EVENTS / self.function / f"{self.name}.json"

    @property
    def event(self) -> dict[str, Any]:
        """Its content."""
        event: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return event

    @property
    def logical_id(self) -> str:
        """The function's name in the template."""
        return "".join(word.capitalize() for word in self.function.split("_")) + "Function"

    @property
    def today(self) -> Expectation:
        """The expected response in a deployment with another secret."""
        return self.expects_now or self.expects

    def read(self, response: dict[str, Any]) -> Expectation:
        """Reduce a response to its expected parts."""
        return type(self.expects).read(response)


def _invalid(*faults: tuple[str, str]) -> Answered:
    return Answered(422, "invalid_request", frozenset(Fault(pointer, code) for pointer, code in faults))


_ACCEPTED = Answered(202)
_MALFORMED = Answered(400, "malformed_json")
_UNAUTHENTIC = Answered(401, "unauthentic_webhook")
_NOT_FOUND = Answered(404, "execution_not_found")
_NO_WORKFLOW = Answered(404, "workflow_not_found")
_ALL_DONE = Returned()

CASES: tuple[Case, ...] = (
    Case("validate", "accepted", _ACCEPTED),
    Case("validate", "accepted_and_waited_for", _ACCEPTED),
    Case("validate", "base64_body", _ACCEPTED),
    Case("validate", "batch", Answered(200)),
    Case("validate", "batch_invalid", _invalid(("/executions", "schema"), ("/default", "schema"))),
    Case("validate", "broken_base64_body", _MALFORMED),
    Case("validate", "cancel_not_found", _NOT_FOUND),
    Case("validate", "compressed", Answered(415, "unsupported_media_type")),
    Case("validate", "cycle", _invalid(("/actionReferences/a", "cycle"))),
    Case("validate", "dry_run", Answered(200)),
    Case("validate", "dry_run_misspelled", _invalid(("/query/dryrun", "schema"))),
    Case("validate", "dry_run_not_a_flag", _invalid(("/query/dryRun", "schema"))),
    Case("validate", "dry_run_twice", _invalid(("/query/dryRun", "schema"))),
    Case("validate", "duplicate_key", _MALFORMED),
    Case("validate", "execution_id_is_no_uuid", _invalid(("/executionId", "schema"))),
    Case("validate", "forbidden_webhook_url", _invalid(("/webhookUrl", "webhook_url"))),
    Case("validate", "idempotency_key_differs", _invalid(("/executionId", "schema"))),
    Case(
        "validate",
        "many_faults",
        _invalid(
            ("/actionId", "schema"),
            ("/inputs/a/b/c/d/e/f", "depth"),
            ("/timeout", "schema"),
            ("/actionReferences/a", "cycle"),
            ("/webhookUrl", "webhook_url"),
            ("/surprise", "schema"),
        ),
    ),
    Case("validate", "header_twice", _invalid(("/header/Idempotency-Key", "schema"), ("/surprise", "schema"))),
    Case("validate", "no_body", _MALFORMED),
    Case("validate", "no_caller", Answered(403, "caller_unknown")),
    Case("validate", "not_a_number", _MALFORMED),
    Case("validate", "not_json", _MALFORMED),
    Case("validate", "acknowledge_not_found", _NOT_FOUND),
    Case("validate", "redeliver_not_found", _NOT_FOUND),
    Case("validate", "request_not_found", _NOT_FOUND),
    Case(
        "validate",
        "resolve_invalid",
        _invalid(("/status", "schema"), ("/note", "schema"), ("/surprise", "schema")),
    ),
    Case("validate", "retry_invalid", _invalid(("/agian", "schema"), ("/again", "schema"))),
    Case("validate", "retry_not_found", _NOT_FOUND),
    Case("validate", "self_reference", _invalid(("/actionReferences/a", "cycle"))),
    Case("validate", "too_deep", _invalid(("/inputs/a/b/0/c/d/e", "depth"))),
    Case("validate", "too_large", Answered(413, "payload_too_large")),
    Case("validate", "workflow", _ACCEPTED),
    Case("validate", "workflow_dry_run", Answered(200)),
    Case(
        "validate",
        "workflow_many_faults",
        _invalid(
            ("/query/dryrun", "schema"),
            ("/workflowId", "schema"),
            ("/steps/a", "cycle"),
            ("/steps/a/inputs/x/path", "expression"),
            ("/steps/b/dependsOn/1", "unknown_step"),
            ("/steps/c/forEach", "schema"),
        ),
    ),
    Case("validate", "workflow_retry_not_found", _NO_WORKFLOW),
    Case("validate", "workflow_cancel_not_found", _NO_WORKFLOW),
    Case("execute", "empty_batch", _ALL_DONE),
    Case("execute", "unknown_execution", _ALL_DONE),
    Case("execute", "deadline_of_unknown_execution", _ALL_DONE),
    Case("execute", "foreign_message", _ALL_DONE),
    Case("receive_webhook", "completed", _NOT_FOUND, _UNAUTHENTIC),
    Case("receive_webhook", "completed_base64", _NOT_FOUND, _UNAUTHENTIC),
    Case("receive_webhook", "failed", _NOT_FOUND, _UNAUTHENTIC),
    Case("receive_webhook", "signed_but_invalid", _invalid(("/status", "schema")), _UNAUTHENTIC),
    Case("receive_webhook", "signed_but_not_json", _invalid(("", "malformed_json")), _UNAUTHENTIC),
    Case("receive_webhook", "malformed_signature", _UNAUTHENTIC),
    Case("receive_webhook", "malformed_timestamp", _UNAUTHENTIC),
    Case("receive_webhook", "unsigned", _UNAUTHENTIC),
    Case("receive_webhook", "wrong_signature", _UNAUTHENTIC),
    Case("decide", "preview", Answered(200)),
    Case("decide", "about_none", _ACCEPTED),
    Case(
        "decide",
        "many_faults",
        _invalid(
            ("/note", "schema"),
            ("/surprise", "schema"),
            ("/filter/status", "schema"),
            ("/filter/staus", "schema"),
            ("/filter/to", "schema"),
            ("/resolution", "schema"),
        ),
    ),
    Case("decide", "empty_filter", _invalid(("/filter", "schema"))),
    Case("decide", "decision_not_found", Answered(404, "decision_not_found")),
    Case("decide", "unknown_decision", _ALL_DONE),
    Case("decide", "letters", _ALL_DONE),
    Case("decide", "foreign_message", _ALL_DONE),
    Case("catalogue", "no_catalogue", Answered(409, "no_catalogue")),
    Case("catalogue", "part_of_an_ended_reading", _ALL_DONE),
    Case("catalogue", "foreign_message", _ALL_DONE),
    Case("deliver", "unknown_execution", _ALL_DONE),
    Case("deliver", "unknown_workflow", _ALL_DONE),
    Case("deliver", "foreign_message", _ALL_DONE),
    Case("workflows", "unknown_workflow", _ALL_DONE),
    Case("workflows", "deadline_of_unknown_workflow", _ALL_DONE),
    Case("workflows", "foreign_message", _ALL_DONE),
    Case("count", "executions", Counted()),
    Case("count", "rejections", Counted()),
    Case("count", "unreadable_change", Counted()),
    Case("count", "end_of_window", Counted()),
    Case("query", "workflow_not_found", _NO_WORKFLOW),
    Case("query", "actions", Answered(200)),
    Case("query", "actions_unknown_parameter", _invalid(("/query/nme", "schema"))),
    Case("query", "action_not_found", Answered(404, "action_not_found")),
    Case("query", "workflows", Answered(200)),
    Case(
        "query",
        "workflows_many_faults",
        _invalid(
            ("/query/status", "schema"),
            ("/query/from", "moment"),
            ("/query/limit", "schema"),
            ("/query/next", "cursor"),
        ),
    ),
    Case("query", "metrics", Answered(200)),
    Case("query", "metrics_of_no_period", _invalid(("/query/from", "schema"), ("/query/to", "schema"))),
    Case("query", "executions", Answered(200)),
    Case("query", "executions_filtered", Answered(200)),
    Case("query", "executions_by_trace", Answered(200)),
    Case("query", "executions_undelivered", Answered(200)),
    Case("query", "executions_by_error", Answered(200)),
    Case("query", "executions_by_part_of_id", Answered(200)),
    Case("query", "executions_of_no_time", _invalid(("/query/id", "schema"), ("/query/to", "schema"))),
    Case(
        "query",
        "executions_many_faults",
        _invalid(
            ("/query/status", "schema"),
            ("/query/from", "moment"),
            ("/query/limit", "schema"),
            ("/query/next", "cursor"),
            ("/query/staus", "schema"),
        ),
    ),
    Case("query", "attention", Answered(200)),
    Case("query", "queues", Answered(200)),
    Case("preflight", "health", Answered(200)),
    Case("preflight", "receiver_keys", Answered(200)),
    Case("preflight", "receiver_keys_of_no_host", _invalid(("/query/host", "webhook_url"))),
    Case("query", "openapi", Answered(200)),
    Case("query", "docs", Answered(200)),
    Case("query", "console", Answered(200)),
    Case("preflight", "preflight", Answered(200)),
    Case("preflight", "preflight_not_a_flag", _invalid(("/query/deep", "schema"))),
    Case("query", "execution_not_found", _NOT_FOUND),
    Case("query", "execution_id_too_long", _NOT_FOUND),
    Case("query", "wait_not_found", _NOT_FOUND),
    Case("query", "wait_out_of_range", _invalid(("/query/wait", "schema"))),
    Case("query", "audit_not_found", _NOT_FOUND),
    Case("query", "audit_verify_not_found", _NOT_FOUND),
    Case("query", "audit_verify_not_a_flag", _invalid(("/query/verify", "schema"))),
    Case("query", "audit_day", Answered(200)),
    Case(
        "query",
        "audit_day_many_faults",
        _invalid(("/query/date", "schema"), ("/query/limit", "schema"), ("/query/next", "schema")),
    ),
    Case("export", "by_hand", Exported()),
    Case("export", "the_day_before", Exported()),
    Case("export", "the_day_before_that", Exported()),
)
