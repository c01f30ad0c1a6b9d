"""Use case: receive a result that Genesys Cloud sends by webhook. Nothing is believed before its signature is.

What a webhook came to is on record before it is answered with 200. Its id is looked after twice: ``WebhookIds`` keeps
what it stands for, written first, so that the same id with other content is refused; the execution's record keeps
that it has had its effect, written with the outcome itself. So a receiver may die anywhere: a repeat is never taken
for done before it is, and never has its effect a second time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict

from actionrelay.errors import (
    ExecutionNotFoundError,
    Fault,
    InvalidRequestError,
    MalformedJsonError,
    OutcomeConflictError,
    PayloadTooLargeError,
    UnauthenticWebhookError,
    WebhookConflictError,
)
from actionrelay.faults import Faults
from actionrelay.genesys.reported_error import reported_error
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status
from actionrelay.ledger.follow_up import Completion, same_outcome
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.ports import ExecutionQueue
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Clock, Telemetry
from actionrelay.receive.ports import WebhookIds
from actionrelay.receive.webhook import ResultWebhook
from actionrelay.schemas import read
from actionrelay.signals import Count
from actionrelay.strict_json import canonical, digest, parse
from actionrelay.webhooks.signatures import Verifier


class ReceiptDocument(TypedDict):
    """That an outcome is on record."""

    executionId: str
    status: Status


REMEMBERED_MS = 7 * 86_400_000
"""How long an id stands for its content. The retries that the Standard Webhooks specification suggests end 75 hours and
35 minutes after the first try, each of them signed anew under the same id; this is more than twice that."""
LOOK_AGAIN_MS = 60_000
"""How long after a late webhook somebody looks whether all was done: its receiver has ended by then, dead or alive."""
_UNSAID = ExecutionError("action_failed", "Genesys Cloud reported a failure")


@dataclass(frozen=True, slots=True)
class ReceiveResult:
    """Records an outcome that arrived by webhook: first, twice, late or in contradiction."""

    verifier: Callable[[], Verifier]
    """Read at each receipt, so that a rotated secret is seen."""
    ids: WebhookIds
    recorder: Recorder
    completion: Completion
    queue: ExecutionQueue
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
            WebhookConflictError: its id stands for another webhook.
            OutcomeConflictError: another outcome is on record, and stays.
            DependencyError: a service failed; the webhook must be sent again.
        """
        if len(body) > self.max_payload_bytes:
            raise PayloadTooLargeError(f"the body has {len(body)} bytes, {self.max_payload_bytes} are allowed")
        webhook_id = self._authentic(headers, body)
        webhook = _read(body)
        self.completion.success_rate.refresh()
        execution = self._load(webhook.execution_id.lower())
        outcome, data = self._outcome(execution, webhook)
        if webhook_id is not None:
            self._claim(webhook_id, execution, outcome)
        recorded = self.recorder.change(
            execution,
            lambda current: self._step(current, outcome, webhook_id),
            first=lambda written: self.completion.store_result(written, data),
        )
        if recorded is not None:
            self.telemetry.count(Count.WEBHOOKS_RECEIVED)
            self.completion.after_ending(recorded)
            return recorded
        return self._already_decided(execution.execution_id, outcome, data, webhook_id)

    def _authentic(self, headers: Mapping[str, Sequence[str]], body: bytes) -> str | None:
        """Return the id of an authentic webhook, None in the scheme that has none."""
        try:
            return self.verifier().verify(headers, body, self.clock.now() // 1_000).webhook_id
        except UnauthenticWebhookError as error:
            self.telemetry.count(Count.WEBHOOKS_REFUSED, str(error.context.get("reason", "unauthentic")))
            raise

    def _load(self, execution_id: str) -> Execution:
        execution = self.recorder.load(execution_id)
        if execution is None:
            raise ExecutionNotFoundError.of(execution_id)
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        return execution

    def _claim(self, webhook_id: str, execution: Execution, outcome: Outcome) -> None:
        """Make sure that the id stands for this webhook; nothing follows but that no other comes under the id."""
        now = self.clock.now()
        content = _content(execution, outcome)
        if self.ids.claim(webhook_id, content, now, now + REMEMBERED_MS) != content:
            self._note_conflict(execution, ExecutionError(WebhookConflictError.code, "its id came with other content"))
            raise WebhookConflictError(
                "this webhook-id was received with other content", execution_id=execution.execution_id
            )

    def _step(self, current: Execution, outcome: Outcome, webhook_id: str | None) -> Execution | None:
        if webhook_id in current.webhook_ids or (current.ended and current.status is not Status.UNKNOWN):
            return None
        if current.status is Status.UNKNOWN:
            # Of all states this one has no message under way that would find what a dead receiver left undone.
            self.queue.send(Message(current.execution_id, MessageKind.DEADLINE), LOOK_AGAIN_MS)
        return ledger.settle(
            current,
            outcome,
            self.clock.now(),
            by_webhook=True,
            webhook_id=webhook_id,
            success_rate=self.completion.success_rate.latest(),
        )

    def _already_decided(self, execution_id: str, outcome: Outcome, data: bytes, webhook_id: str | None) -> Execution:
        """A repeat finishes what may have been left undone; a contradiction is put on record beside the outcome."""
        execution = self._load(execution_id)
        if execution.outcome and same_outcome(execution.outcome, outcome):
            self.completion.hand_on(execution, data)
        elif webhook_id in execution.webhook_ids:
            # An operator has asked for another run since: what this webhook said has had its time.
            self.recorder.pay(execution)
        else:
            self._note_conflict(execution, ExecutionError("outcome_conflict", f"a webhook reported {outcome.status}"))
            raise OutcomeConflictError(f"{execution.status} is on record and stands", execution_id=execution_id)
        return execution

    def _note_conflict(self, execution: Execution, cause: ExecutionError) -> None:
        now = self.clock.now()
        self.recorder.change(execution, lambda current: ledger.note(current, "webhook_conflict", now, cause))
        self.telemetry.count(Count.WEBHOOK_CONFLICTS)

    def _outcome(self, execution: Execution, webhook: ResultWebhook) -> tuple[Outcome, bytes]:
        if webhook.status == "failed":
            return Outcome(Status.FAILED, error=reported_error(webhook.error) or _UNSAID), b""
        ref, data = self.completion.refer_result(execution.execution_id, webhook.result)
        return Outcome(Status.COMPLETED, result=ref), data


def _content(execution: Execution, outcome: Outcome) -> str:
    """Digest what a webhook says; a sender may spell the rest, such as the number of its try, anew each time."""
    result = outcome.result.digest if outcome.result else None
    error = asdict(outcome.error) if outcome.error else None
    return digest(canonical([execution.execution_id, outcome.status.value, result, error]))


def _read(body: bytes) -> ResultWebhook:
    try:
        document = parse(body)
    except MalformedJsonError as error:
        raise InvalidRequestError((Fault("", "malformed_json", error.message),)) from None
    webhook = read(ResultWebhook, document)
    if isinstance(webhook, Faults):
        webhook.refuse()
    return webhook
