"""Use case: work on a batch of the execution queue. Its messages share one request to the rate gate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actionrelay.execute.worker import ExecuteAction, ask_of
from actionrelay.gate.ports import BatchGate, RateGate
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.ports import SuccessRate


@dataclass(frozen=True, slots=True)
class ExecuteBatch:
    """Prepares a batch."""

    gate: RateGate
    success_rate: SuccessRate
    action: Callable[[BatchGate], ExecuteAction]
    """Makes the worker for the batch's messages, behind the batch's gate."""

    def for_batch(self, messages: Sequence[Message]) -> ExecuteAction:
        """Return the worker for these messages. The gate is asked when the first of them is ready to run."""
        runs = [message for message in messages if message.kind is MessageKind.RUN]
        self.success_rate.refresh()
        return self.action(self.gate.for_batch([ask_of(message) for message in runs]))
