"""Use case: work on a decision about many, part by part.

Each part is a message, and its result is recorded once. If a worker dies, the message is received again. An execution
whose record has the decision's id is decided already, so only what follows is repeated. Executions that were accepted,
or ended, after the decision was requested are left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.errors import (
    ActionRelayError,
    DependencyError,
    ExecutionNotFoundError,
    RecordUnreadableError,
    StaleWriteError,
    WrongStateError,
)
from actionrelay.json_text import members
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.operator_decisions import Decision
from actionrelay.ledger.ports import PayloadStore
from actionrelay.operate.bodies import DecisionRequest
from actionrelay.operate.many import Filters, filters_of
from actionrelay.operate.ports import PART_SIZE, DecisionMessage, DecisionQueue, DecisionStore, ManyDecision, PartDone
from actionrelay.operate.taking import MAY_ANSWER_LETTERS, Order, TakeDecision, Terms
from actionrelay.ports import Clock
from actionrelay.schemas import read_valid
from actionrelay.strict_json import parse

STOP_BEFORE_MS = 15_000
"""How long before its end an invocation starts nothing more."""


@dataclass(frozen=True, slots=True)
class WorkOnDecision:
    """Takes a decision about each of many executions."""

    decisions: DecisionStore
    payloads: PayloadStore
    queue: DecisionQueue
    taking: TakeDecision
    clock: Clock
    wants: Callable[[Filters], Callable[[Execution], bool]]
    """Returns whether a filter still matches an execution in its current state."""
    sweep: Callable[[], None]
    """Checks dead letters."""

    def work(self, message: DecisionMessage, ends_at: int) -> None:
        """Do what a message asks for; on return it can be deleted. ``ends_at`` (ms) is the invocation's end.

        Raises:
            DependencyError: a service failed; the message must be received again.
            StaleWriteError: others kept writing; the same.
        """
        if message.decision_id is None:
            self.sweep()
            return
        decision = self.decisions.load(message.decision_id)
        if decision is None:
            return
        if message.part is None:
            for part in range(decision.parts):
                if part not in decision.done:
                    self.queue.enqueue(DecisionMessage(decision.decision_id, part))
        elif message.part not in decision.done and message.part < decision.parts:
            self._work_on_part(decision, message, message.part, ends_at)

    def _work_on_part(self, decision: ManyDecision, message: DecisionMessage, part: int, ends_at: int) -> None:
        first = part * PART_SIZE
        size = min(PART_SIZE, decision.matched - first)
        body, listed = self.payloads.get(decision.body), self.payloads.get(decision.executions)
        if body is None or listed is None:
            # Its retention has ended, and that of its executions.
            self.decisions.finish_part(decision, part, PartDone(0, size))
            return
        about_each = _AboutEach.read(decision, body, self.wants, self.taking)
        decided = 0
        failure: ActionRelayError | None = None
        for execution_id in listed.decode().split("\n")[first : first + size]:
            if self.clock.now() > ends_at - STOP_BEFORE_MS:
                self.queue.enqueue(message)
                return
            try:
                decided += about_each.decide(execution_id)
            except (DependencyError, StaleWriteError) as error:
                failure = error  # the others must not wait for it
        if failure is not None:
            raise failure
        if about_each.decision in MAY_ANSWER_LETTERS:
            self.queue.enqueue(DecisionMessage())
        self.decisions.finish_part(decision, part, PartDone(decided, size - decided))


@dataclass(frozen=True, slots=True)
class _AboutEach:
    """A decision that is taken about each of some executions."""

    decision: Decision
    request: DecisionRequest
    resolution: bytes
    """Its text."""
    terms: Terms
    taking: TakeDecision

    @classmethod
    def read(
        cls,
        decision: ManyDecision,
        body: bytes,
        wants: Callable[[Filters], Callable[[Execution], bool]],
        taking: TakeDecision,
    ) -> "_AboutEach":
        """Read a decision's request, which was valid when it was taken."""
        request = read_valid(DecisionRequest, parse(body))
        means = wants(filters_of(request))

        def admits(execution: Execution) -> bool:
            since = execution.completed_at if execution.ended else execution.queued_at
            return means(execution) and (since or 0) <= decision.requested_at

        resolution = members(body.decode()).get("resolution", "").encode()
        terms = Terms(decision.actor, request.note, decision.decision_id, admits)
        return cls(Decision(request.decision), request, resolution, terms, taking)

    def decide(self, execution_id: str) -> bool:
        """Decide about one; False if its state does not allow it, or the filter no longer matches it."""
        try:
            execution = self.taking.load(execution_id)
            if self.terms.decision_id in execution.decision_ids:
                self.taking.finish(execution, self._order(execution))
            else:
                self._take(execution)
        except (ExecutionNotFoundError, WrongStateError, RecordUnreadableError):
            return False
        return True

    def _take(self, execution: Execution) -> None:
        order = self._order(execution)
        if self.decision is Decision.RESOLVE:
            self.taking.success_rate.refresh()
        self.taking.take(execution, order, self.terms)

    def _order(self, execution: Execution) -> Order:
        resolution = self.request.resolution
        if resolution is None:
            return Order(self.decision)
        return self.taking.resolution(execution, resolution, self.resolution)
