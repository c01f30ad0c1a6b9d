"""Use case: work on a batch of the execution queue, whose messages ask the rate gate once together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actionrelay.execute.worker import ExecuteAction, ask_of
from actionrelay.gate.ports import BatchGate, RateGate
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.ports import SuccessRate


@dataclass(frozen=True, slots=True)
class ExecuteBatch:
    """Begins a batch."""

    gate: RateGate
    success_rate: SuccessRate
    action: Callable[[BatchGate], ExecuteAction]
    """Makes what works on one message at a time, behind the batch's gate."""

    def for_batch(self, messages: Sequence[Message]) -> ExecuteAction:
        """Return what works on each of these messages. The gate is asked when the first of them wants to run."""
        runs = [message for message in messages if message.kind is MessageKind.RUN]
        self.success_rate.refresh()
        return self.action(self.gate.for_batch([ask_of(message) for message in runs]))
