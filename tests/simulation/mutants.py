"""The package without one of its rules: each mutant is one edit of one function, made in memory.

An edit names a text that must occur exactly once, so that an outdated list fails.
"""

import __future__

import inspect
import sys
import textwrap
from dataclasses import dataclass

import pytest

from actionrelay.deliver import delivery
from actionrelay.execute import after_attempt as settlement
from actionrelay.execute import worker as execution
from actionrelay.gate import rate
from actionrelay.ledger import follow_up as completion
from actionrelay.ledger import operator_decisions as allowed
from actionrelay.ledger import recorder as recording
from actionrelay.ledger import steps as ledger
from actionrelay.operate import taking as decisions
from actionrelay.receive import receipt as receipts
from actionrelay.submit import submission as validation


@dataclass(frozen=True, slots=True)
class Edit:
    """One function, and one or two replacements in its source."""

    owner: object
    name: str
    old: str
    new: str
    also: tuple[tuple[str, str], ...] = ()

    def apply(self, patch: pytest.MonkeyPatch) -> None:
        """Replace the function by the edited one."""
        function = inspect.unwrap(inspect.getattr_static(self.owner, self.name))
        source = textwrap.dedent(inspect.getsource(function))
        for old, new in ((self.old, self.new), *self.also):
            assert source.count(old) == 1, f"{self.name} does not hold {old!r} once"
            source = source.replace(old, new)
        made: dict[str, object] = {}
        scope = vars(sys.modules[function.__module__])
        exec(compile(source, self.name, "exec", _UNEVALUATED), scope, made)  # noqa: S102 - our own text
        patch.setattr(self.owner, self.name, made[self.name])


_UNEVALUATED = __future__.annotations.compiler_flag
"""Annotations stay text: those of a generic class name a type that only its body knows."""
_FENCE = "if not _same_run(current, held):"

MUTANTS: dict[str, tuple[Edit, ...]] = {
    "the version is not checked": (
        Edit(
            recording.Recorder,
            "save_owing",
            "if not self._is_own(execution):\n            raise",
            "self.store.save(replace(execution, version=self.store.load(execution.execution_id).version + 1))",
        ),
    ),
    "a refused write counts as written": (
        Edit(recording.Recorder, "save_owing", "if not self._is_own(execution):\n            raise", "pass"),
    ),
    "its own write is not recognised": (
        Edit(recording.Recorder, "_is_own", "self.store.load(execution.execution_id) == execution", "False"),
    ),
    "the fence is dropped where an outcome is written": (Edit(settlement.Settlement, "_settle", _FENCE, "if False:"),),
    "the fence is dropped where a retry is planned": (Edit(settlement.Settlement, "_plan", _FENCE, "if False:"),),
    "the lease is ignored": (Edit(ledger, "require_free", "execution.attempt.lease_until > now", "False"),),
    "the lease is shorter than its worker's timeout": (
        Edit(execution.ExecuteAction, "_attempt", "ends_at + LEASE_MARGIN_MS", "now + 1_000"),
    ),
    "the claim is written after the request": (
        Edit(
            execution.ExecuteAction,
            "_attempt",
            "self.recorder.save_owing(claimed)",
            "pass",
            (("_ask(call, token, ends_at)", "_ask(call, token, ends_at); self.recorder.save_owing(claimed)"),),
        ),
    ),
    "a worker that takes over assumes that nothing was sent": (
        Edit(execution.ExecuteAction, "_take_over", "ReplyKind.NO_ANSWER", "ReplyKind.NOT_SENT"),
    ),
    "ambiguous outcomes are repeated for every contract": (
        Edit(settlement.Settlement, "after_failure", "if claimed.repeatable and claimed.doubts", "if claimed.doubts"),
    ),
    "a message is acknowledged before its work is on record": (
        Edit(
            execution.ExecuteAction,
            "_work_or_resend",
            "again = partial(self.queue.send, replace(message, version=None))",
            "again = lambda _: None",
        ),
    ),
    "a planned retry is not sent": (
        Edit(settlement.Settlement, "_plan", "self.send_run(planned, next_at - self.clock.now())", "pass"),
    ),
    "the deadline of a webhook is not kept": (
        Edit(settlement.Settlement, "_await_webhook", "self.send_deadline(waiting, wait)", "pass"),
    ),
    "the deadline of a webhook comes at once": (Edit(execution.ExecuteAction, "_watch", "now >= deadline_at", "True"),),
    "a message that is early runs": (Edit(execution.ExecuteAction, "_try", "if due_at > now:", "if False:"),),
    "a webhook overwrites an outcome": (
        Edit(receipts.ReceiveResult, "_step", "current.ended and current.status is not Status.UNKNOWN", "False"),
        Edit(ledger, "_require", "if target not in STEPS[execution.status]:", "if False:"),
    ),
    "a webhook decides again when it is repeated": (
        Edit(
            receipts.ReceiveResult,
            "_step",
            "report.webhook_id in current.webhook_ids",
            "False",
            (("report.run <= current.runs_decided", "False"),),
        ),
    ),
    "the effect of a webhook is not on record": (
        Edit(ledger, "settle", "(*execution.webhook_ids, webhook_id) if webhook_id else execution.webhook_ids", "()"),
        Edit(ledger, "rerun", "execution.run if failed else execution.runs_decided", "0"),
    ),
    "a late webhook leaves no reminder": (
        Edit(
            receipts.ReceiveResult,
            "_step",
            "self.queue.send(reminder, LOOK_AGAIN_MS)",
            "pass",
        ),
    ),
    "a delivery that is given up leaves no dead letter": (
        Edit(delivery.DeliverWebhook, "_follow", "due.delivery.status is WebhookStatus.FAILED", "False"),
    ),
    "a delivery message is acknowledged before its work is on record": (
        Edit(
            delivery.DeliverWebhook,
            "deliver",
            "again = partial(self.queue.send, subject_id, kind=self.deliverables.kind)",
            "again = lambda _: None",
        ),
    ),
    "a redelivery is not sent": (Edit(decisions.TakeDecision, "finish", "self.completion.deliveries.send(", "str("),),
    "attempts are not counted": (
        Edit(
            ledger,
            "postpone",
            "execution.chances_used + uses_chance",
            "0",
            (("execution.doubts + may_have_run", "0"),),
        ),
    ),
    "a possible run is forgotten": (Edit(ledger, "postpone", "execution.may_have_run or may_have_run", "False"),),
    "a second run is sent with the old id": (
        Edit(execution.ExecuteAction, "_call", "execution.sent_as", "execution.execution_id"),
    ),
    "an unknown execution runs again without a decision": (
        Edit(decisions.TakeDecision, "_run", "if ended.status is Status.UNKNOWN and not again:", "if False:"),
    ),
    "the id of a second run is not reserved": (
        Edit(
            decisions.TakeDecision,
            "_run",
            "self.runs.reserve(run_id(ended.execution_id, run), SentRun(ended, run))",
            "True",
        ),
    ),
    "a run's outcome decides the next one": (
        Edit(receipts.ReceiveResult, "_step", "report.run <= current.runs_decided", "False"),
    ),
    "an earlier run that failed ends a later one": (
        Edit(receipts.ReceiveResult, "_step", "report.run < current.run", "False"),
    ),
    "a cancellation ignores that it may have run": (Edit(allowed, "allowed", " and not execution.may_have_run", ""),),
    "pending audit entries are not written": (
        Edit(completion.Completion, "hand_on", "self.recorder.pay(ended)", "pass"),
    ),
    "a delivery is queued only by the first worker": (
        Edit(
            completion.Completion,
            "after_ending",
            "self.hand_on(ended, result)",
            "self.hand_on(ended, result) if result else self.recorder.pay(ended)",
        ),
    ),
    "failures are cached": (
        Edit(completion.Completion, "hand_on", "ended.reusable_result and ended.cache_status", "ended.cache_status"),
        Edit(
            validation.SubmitExecution,
            "_cached",
            "result = source.reusable_result",
            "result = source.outcome.result if source.outcome else None",
            (
                (
                    "return result if result and",
                    'return result or self.payloads.refer("none", b"null") if not result or',
                ),
            ),
        ),
    ),
    "a 429 does not stop other workers": (Edit(rate.Rate, "there", "state.paused_until > now", "False"),),
    "a large result is stored before its outcome": (
        Edit(
            completion.Completion,
            "refer_result",
            'return self.payloads.refer(f"{execution_id}/result/{digest(result)}", result), result',
            'ref = self.payloads.refer(f"{execution_id}/result", result); '
            "self.payloads.put(ref, result); return ref, result",
        ),
    ),
}


def mutate(name: str, patch: pytest.MonkeyPatch) -> None:
    """Remove one rule."""
    for edit in MUTANTS[name]:
        edit.apply(patch)
