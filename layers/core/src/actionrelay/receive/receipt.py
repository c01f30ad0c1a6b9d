"""Use case: receive a result that Genesys Cloud sends by webhook. Its signature is verified before anything is read.

The outcome is on record before the webhook is answered with 200. Its id is written twice: first to ``WebhookIds``,
with its content, so that the same id with other content is refused; then to the execution's record, together with the
outcome, to show that it took effect. So a receiver may die anywhere: a repeat is never taken for done before it is, and
never takes effect twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypedDict

from actionrelay.errors import (
    ExecutionNotFoundError,
    OutcomeConflictError,
    UnauthenticWebhookError,
    WebhookConflictError,
)
from actionrelay.foreign_json import charset_of
from actionrelay.json_content import content_form_of
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status
from actionrelay.ledger.follow_up import Completion, same_outcome
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.ports import ExecutionQueue, SentRun, SentRuns, SuccessRate
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Clock, Telemetry
from actionrelay.receive.ports import WebhookIds
from actionrelay.receive.report import read_report
from actionrelay.signals import Count
from actionrelay.strict_json import canonical, digest
from actionrelay.timestamps import DAY_MS
from actionrelay.webhooks.signatures import Verifier


class ReceiptDocument(TypedDict):
    """Confirms that an outcome is on record."""

    executionId: str
    status: Status


REMEMBERED_MS = 7 * DAY_MS
"""How long an id is bound to its content. The retries of the Standard Webhooks specification, each with a new signature
under the same id, end 75 hours and 35 minutes after the first try; this is more than twice as long."""
LOOK_AGAIN_MS = 60_000
"""How long after a late webhook a worker checks that its follow-up was done. By then its receiver has ended."""
LONGEST_COMPARED = 4 * 1_024 * 1_024
"""Bytes of two results, together, up to which they are compared by meaning."""


@dataclass(frozen=True, slots=True)
class ReceiveResult:
    """Records an outcome that arrives by webhook, be it early, repeated, late or contradictory."""

    verifier: Callable[[], Verifier]
    """Called for each webhook, so that a rotated secret is used."""
    ids: WebhookIds
    runs: SentRuns
    recorder: Recorder
    completion: Completion
    success_rate: SuccessRate
    queue: ExecutionQueue
    telemetry: Telemetry
    clock: Clock

    def receive(self, headers: Mapping[str, Sequence[str]], body: bytes) -> Execution:
        """Record the outcome that a webhook reports, or find it on record already; return its execution.

        Raises:
            UnauthenticWebhookError: its signature is not valid.
            PayloadTooLargeError: longer than ``foreign_json.REPORT`` allows.
            InvalidRequestError: it does not say which execution ended how.
            ExecutionNotFoundError: no execution went out under its id.
            WebhookConflictError: its id belongs to another webhook.
            OutcomeConflictError: another outcome is on record and stays.
            DependencyError: a service failed; the sender must repeat the webhook.
        """
        webhook_id = self._authentic(headers, body)
        end = read_report(body, charset_of(next(iter(headers.get("content-type", ())), "")))
        self.success_rate.refresh()
        sent = self._sent(end.execution_id)
        if end.mended:
            self.telemetry.event("result_mended", flaws=", ".join(end.mended))
        ref, data = self.completion.refer_result(sent.execution.execution_id, end.result)
        outcome = Outcome(end.status, result=ref, error=end.error)
        report = _Report(sent.run, end.execution_id, outcome, webhook_id, _meaning(data) if data else None)
        if webhook_id is not None:
            self._claim(webhook_id, sent.execution, report)
        recorded = self.recorder.change(
            sent.execution,
            lambda current: self._step(current, report),
            first=lambda written: self.completion.store_result(written, data),
        )
        if recorded is None:
            return self._already_decided(sent.execution.execution_id, report, data)
        self.telemetry.count(Count.WEBHOOKS_RECEIVED)
        if recorded.outcome == outcome:
            self.completion.after_ending(recorded)
        return recorded

    def _authentic(self, headers: Mapping[str, Sequence[str]], body: bytes) -> str | None:
        """Return the id of an authentic webhook; None if the scheme has no ids."""
        try:
            return self.verifier().verify(headers, body, self.clock.now() // 1_000).webhook_id
        except UnauthenticWebhookError as error:
            self.telemetry.count(Count.WEBHOOKS_REFUSED, error.reason)
            raise

    def _sent(self, sent_as: str) -> SentRun:
        sent = self.runs.sent(sent_as)
        if sent is None:
            raise ExecutionNotFoundError.of(sent_as)
        self.telemetry.concerning(sent.execution.execution_id, sent.execution.trace_id)
        return sent

    def _claim(self, webhook_id: str, execution: Execution, report: "_Report") -> None:
        """Bind the id to this webhook, so that no other one is accepted under it."""
        now = self.clock.now()
        content = _content(report)
        if self.ids.claim(webhook_id, content, now, now + REMEMBERED_MS) != content:
            self._note_conflict(execution, ExecutionError(WebhookConflictError.code, "its id came with other content"))
            raise WebhookConflictError(
                "this webhook-id was received with other content", execution_id=execution.execution_id
            )

    def _step(self, current: Execution, report: "_Report") -> Execution | None:
        if report.webhook_id in current.webhook_ids or (current.ended and current.status is not Status.UNKNOWN):
            return None
        if report.run <= current.runs_decided:
            return None
        if report.run < current.run and report.outcome.status is Status.FAILED:
            now, cause = self.clock.now(), report.outcome.error
            return ledger.hear_of_earlier(current, cause, now, report.webhook_id, report.sent_as)
        if current.status is Status.UNKNOWN:
            # No message is in flight for this state that would finish what a dead receiver leaves undone.
            reminder = replace(Message.about(current, MessageKind.DEADLINE), version=None)
            self.queue.send(reminder, LOOK_AGAIN_MS)
        return ledger.settle(
            current,
            report.outcome,
            self.clock.now(),
            by_webhook=True,
            webhook_id=report.webhook_id,
            sent_as=report.sent_as,
            success_rate=self.success_rate.latest(),
        )

    def _already_decided(self, execution_id: str, report: "_Report", data: bytes) -> Execution:
        """Finish what an earlier receiver may have left undone; record a contradiction beside the outcome."""
        execution, outcome = self._sent(execution_id).execution, report.outcome
        if execution.outcome and same_outcome(execution.outcome, outcome):
            self.completion.hand_on(execution, data)
        elif execution.outcome and self._says_the_same(execution.outcome, report, data):
            self.completion.hand_on(execution)
        elif report.webhook_id in execution.webhook_ids or (
            report.run <= execution.runs_decided and outcome.status is Status.FAILED
        ):
            # An operator has asked for another run since then, so this report decides nothing.
            self.recorder.pay(execution)
        else:
            self._note_conflict(execution, ExecutionError("outcome_conflict", f"a webhook reported {outcome.status}"))
            raise OutcomeConflictError(f"{execution.status} is on record and stays", execution_id=execution_id)
        return execution

    def _note_conflict(self, execution: Execution, cause: ExecutionError) -> None:
        now = self.clock.now()
        self.recorder.change(execution, lambda current: ledger.note(current, "webhook_conflict", now, cause))
        self.telemetry.count(Count.WEBHOOK_CONFLICTS)

    def _says_the_same(self, recorded: Outcome, report: "_Report", data: bytes) -> bool:
        """Whether two outcomes differ only in the order and the form of their results."""
        ref, reported = recorded.result, report.outcome
        if (recorded.status, recorded.error) != (reported.status, reported.error) or ref is None or not data:
            return False
        if ref.size + len(data) > LONGEST_COMPARED:
            return False
        stored = self.completion.payloads.get(ref)
        return stored is not None and _meaning(stored) == report.meaning


@dataclass(frozen=True, slots=True)
class _Report:
    """What one webhook reports, about which run, and what identifies it."""

    run: int
    sent_as: str
    outcome: Outcome
    webhook_id: str | None
    meaning: str | None
    """A digest of its result that does not depend on the order of keys or the form of numbers (``content_form``)."""


def _content(report: _Report) -> str:
    """Digest what a webhook reports: a sender may write the same report differently each time."""
    outcome = report.outcome
    error = asdict(outcome.error) if outcome.error else None
    return digest(canonical([report.sent_as, outcome.status.value, report.meaning, error]))


def _meaning(result: bytes) -> str:
    return digest(content_form_of(result))
