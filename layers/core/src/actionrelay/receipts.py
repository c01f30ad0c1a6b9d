"""Use case: receive a result that Genesys Cloud sends by webhook. Nothing is believed before its signature is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from actionrelay import ledger
from actionrelay.completion import Completion, same_outcome
from actionrelay.errors import (
    ExecutionNotFoundError,
    Fault,
    InvalidRequestError,
    MalformedJsonError,
    OutcomeConflictError,
    PayloadTooLargeError,
    UnauthenticWebhookError,
)
from actionrelay.models import Execution, ExecutionError, Outcome, Status
from actionrelay.ports import Clock, Telemetry
from actionrelay.recording import Recorder
from actionrelay.requests import ResultWebhook, read, reported_error
from actionrelay.signatures import Verifier
from actionrelay.strict_json import parse

_UNSAID = ExecutionError("action_failed", "Genesys Cloud reported a failure")


@dataclass(frozen=True, slots=True)
class ReceiveResult:
    """Records an outcome that arrived by webhook: first, twice, late or in contradiction."""

    verifier: Callable[[], Verifier]
    """Read at each receipt, so that a rotated secret is seen."""
    recorder: Recorder
    completion: Completion
    telemetry: Telemetry
    clock: Clock
    max_payload_bytes: int

    def receive(self, headers: Mapping[str, Sequence[str]], body: bytes) -> Execution:
        """Take one webhook; returning means that its outcome is on record, now or since an earlier one.

        Raises:
            UnauthenticWebhookError: not proven to come from Genesys Cloud.
            PayloadTooLargeError: more bytes than allowed.
            InvalidRequestError: signed, and not a result.
            ExecutionNotFoundError: of an execution that is not ours.
            OutcomeConflictError: another outcome is on record, and stays.
        """
        if len(body) > self.max_payload_bytes:
            raise PayloadTooLargeError(f"the body has {len(body)} bytes, {self.max_payload_bytes} are allowed")
        try:
            self.verifier().verify(headers, body, self.clock.now() // 1_000)
        except UnauthenticWebhookError as error:
            self.telemetry.count("WebhooksRefused", str(error.context.get("reason", "unauthentic")))
            raise
        webhook = _read(body)
        execution = self.recorder.load(webhook.execution_id.lower())
        if execution is None:
            raise ExecutionNotFoundError("no execution with this id", execution_id=webhook.execution_id)
        outcome, data = self._outcome(execution, webhook)
        recorded = self.recorder.change(
            execution,
            lambda current: self._step(current, outcome),
            first=lambda written: self.completion.store_result(written, data),
        )
        if recorded is not None:
            self.telemetry.count("WebhooksReceived")
            self.completion.after_ending(recorded)
            return recorded
        return self._already_ended(execution.execution_id, outcome, data)

    def _step(self, current: Execution, outcome: Outcome) -> Execution | None:
        if current.ended and current.status is not Status.UNKNOWN:
            return None
        return ledger.settle(current, outcome, self.clock.now(), by_webhook=True)

    def _already_ended(self, execution_id: str, outcome: Outcome, data: bytes) -> Execution:
        """A repeat finishes what may have been left undone; a contradiction is put on record beside the outcome."""
        execution = self.recorder.load(execution_id)
        if execution is None:
            raise ExecutionNotFoundError("no execution with this id", execution_id=execution_id)
        if execution.outcome and same_outcome(execution.outcome, outcome):
            self.completion.hand_on(execution, data)
            return execution
        now = self.clock.now()
        cause = ExecutionError("outcome_conflict", f"a webhook reported {outcome.status}")
        self.recorder.change(execution, lambda current: ledger.note(current, "webhook_conflict", now, cause))
        self.telemetry.count("WebhookConflicts")
        raise OutcomeConflictError(f"{execution.status} is on record and stands", execution_id=execution.execution_id)

    def _outcome(self, execution: Execution, webhook: ResultWebhook) -> tuple[Outcome, bytes]:
        if webhook.status == "failed":
            return Outcome(Status.FAILED, error=reported_error(webhook.error) or _UNSAID), b""
        ref, data = self.completion.refer_result(execution.execution_id, webhook.result)
        return Outcome(Status.COMPLETED, result=ref), data


def _read(body: bytes) -> ResultWebhook:
    try:
        document = parse(body)
    except MalformedJsonError as error:
        raise InvalidRequestError((Fault("", "malformed_json", error.message),)) from None
    webhook = read(ResultWebhook, document)
    if isinstance(webhook, tuple):
        raise InvalidRequestError(webhook)
    return webhook
