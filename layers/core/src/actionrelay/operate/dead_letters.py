"""Use case: delete dead letters of deliveries that operators have dealt with.

SQS deletes a message only by the handle of its receiver, so the letters have to be received to find those that are
dealt with. Each sweep is bounded, and the next decision starts another one.
"""

import json
from dataclasses import dataclass

from actionrelay.errors import RecordUnreadableError
from actionrelay.ledger.execution import Delivery, WebhookStatus
from actionrelay.ledger.ports import ExecutionStore
from actionrelay.operate.ports import DeliveryLetters, Letter, WorkflowDeliveries
from actionrelay.ports import Telemetry

MOST_RECEIVES = 20
"""Per sweep: 200 letters."""


@dataclass(frozen=True, slots=True)
class SweepLetters:
    """Deletes letters that are dealt with, and returns the others."""

    letters: DeliveryLetters
    store: ExecutionStore
    workflows: WorkflowDeliveries
    telemetry: Telemetry

    def sweep(self) -> None:
        """Check some letters; safe to repeat.

        Raises:
            DependencyError: a service failed; received letters are visible again within a minute.
        """
        kept: list[Letter] = []
        deleted = 0
        for _ in range(MOST_RECEIVES):
            in_hand = self.letters.receive()
            if not in_hand:
                break
            handled = [letter for letter in in_hand if self._is_handled(letter)]
            self.letters.delete(handled)
            deleted += len(handled)
            kept += (letter for letter in in_hand if letter not in handled)
        self.letters.give_back(kept)
        self.telemetry.event("letters_swept", deleted=deleted, kept=len(kept))

    def _is_handled(self, letter: Letter) -> bool:
        """Whether a letter needs nobody's attention.

        One that ``deliver`` wrote is dealt with once a new series of tries began, which writes another letter if it
        fails. A message that killed its workers may be the only one about a pending delivery.
        """
        try:
            named = json.loads(letter.body)
            of_workflow = "workflowId" in named
            name = named["workflowId" if of_workflow else "executionId"]
            if not isinstance(name, str):
                return False
            delivery = self.workflows.delivery_of(name) if of_workflow else self._delivery_of(name)
        except (ValueError, KeyError, TypeError, RecursionError, RecordUnreadableError):
            return False
        match delivery:
            case Delivery(status=WebhookStatus.FAILED):
                return False
            case Delivery(status=WebhookStatus.PENDING):
                return letter.given_up
        return True

    def _delivery_of(self, execution_id: str) -> Delivery | None:
        """Return the delivery of an execution, unless it needs no attention."""
        execution = self.store.load(execution_id)
        if execution is None or not execution.ended:
            return None
        given_up = execution.delivery.status is WebhookStatus.FAILED
        return None if given_up and execution.acknowledged else execution.delivery
