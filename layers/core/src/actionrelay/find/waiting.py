"""Use case: wait until an execution has ended, for a caller that asked for it.

A waiting function is billed, and an account has few at once, so each wait needs a slot (``find.slots``). Without one
the response comes at once. Reads come at growing intervals: at most 24 in 20 seconds.
"""

from dataclasses import dataclass

from actionrelay.errors import DependencyError
from actionrelay.find.ports import Sleep, WaitSlots
from actionrelay.ledger.document import is_being_stored
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.ports import ExecutionStore, PayloadStore
from actionrelay.ports import Clock, Telemetry
from actionrelay.signals import Count

FIRST_LOOK_MS = 100
"""Before the first read; each further pause is half as long again."""
LONGEST_PAUSE_MS = 1_000
SLOT_MARGIN_MS = 5_000
"""How much longer than the wait the lease of a slot lasts: more than one read takes."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a caller wants to wait."""

    caller: str
    """As ``lanes.caller_name`` has it."""
    milliseconds: int
    answer_by: int | None = None
    """When the response is due at the latest (ms), before API Gateway gives up; None if unknown."""


@dataclass(frozen=True, slots=True)
class AwaitEnd:
    """Waits until executions have ended."""

    store: ExecutionStore
    payloads: PayloadStore
    slots: WaitSlots
    sleep: Sleep
    telemetry: Telemetry
    clock: Clock

    def ended(self, execution: Execution, wait: Wait) -> Execution:
        """Return an execution once it has ended and its result can be read, or in its state when the wait is over.

        Without a free slot it returns at once. A failure only ends the wait.
        """
        if self._is_over(execution):
            return execution
        now = self.clock.now()
        until = now + wait.milliseconds
        if wait.answer_by is not None:
            until = max(min(until, wait.answer_by), now)
        try:
            slot = self.slots.take(wait.caller, until + SLOT_MARGIN_MS)
        except DependencyError:
            slot = None
        if slot is None:
            self.telemetry.count(Count.WAITS_REFUSED)
            return execution
        try:
            return self._watch(execution, until)
        finally:
            self.slots.release(slot)

    def _watch(self, execution: Execution, until: int) -> Execution:
        pause = FIRST_LOOK_MS
        while (left := until - self.clock.now()) > 0:
            self.sleep.sleep(min(pause, left))
            pause = min(pause * 3 // 2, LONGEST_PAUSE_MS)
            try:
                found = self.store.load(execution.execution_id)
                if found is None:
                    return execution
                execution = found
                if self._is_over(execution):
                    return execution
            except DependencyError:
                return execution
        return execution

    def _is_over(self, execution: Execution) -> bool:
        return execution.ended and not is_being_stored(execution, self.payloads, self.clock.now())
