"""Estimates when a queued execution gets its turn, from the rate gate and the messages that wait in its lane."""

from collections.abc import Callable
from dataclasses import dataclass, field

from actionrelay.errors import DependencyError
from actionrelay.gate.outlook import worked_off_at
from actionrelay.gate.ports import GateGauge
from actionrelay.gate.turns import Sharing
from actionrelay.lanes import Lane
from actionrelay.ledger.execution import Execution, Status
from actionrelay.ledger.ports import QueueGauge
from actionrelay.ledger.waiting import NOTHING_KNOWN, Outlook

COUNTED_MS = 10_000
"""How long a count of messages is used: SQS itself is a minute behind."""


@dataclass(slots=True)
class LookAhead:
    """Estimates an execution's turn."""

    gate: GateGauge
    gauges: Callable[[Lane], QueueGauge]
    sharing: Sharing
    _counted: dict[Lane, tuple[int, int]] = field(default_factory=dict, repr=False)
    """By lane: when it was counted, and the count."""

    def of(self, execution: Execution, now: int) -> Outlook:
        """Read the gate if the execution is queued, and count messages if its lane waits.

        Raises:
            StoreUnavailableError: the gate can't be read.
        """
        if execution.status is not Status.QUEUED:
            return NOTHING_KNOWN
        view = self.gate.look(now)
        if not view.waits(execution.lane):
            return Outlook(view.paused_until)
        messages = self._messages(execution.lane, now)
        turn_by = None if messages is None else worked_off_at(self.sharing, view, execution.lane, messages, now)
        return Outlook(view.paused_until, view.waits_beside(execution.lane), turn_by)

    def _messages(self, lane: Lane, now: int) -> int | None:
        counted = self._counted.get(lane)
        if counted is None or now >= counted[0] + COUNTED_MS:
            try:
                counted = self._counted[lane] = (now, self.gauges(lane).depth().all)
            except DependencyError:
                return None
        return counted[1]
