"""The deliveries of workflows, from their records, for operators' decisions."""

from dataclasses import dataclass
from typing import override

from actionrelay.ledger.execution import Delivery
from actionrelay.operate.ports import WorkflowDeliveries
from actionrelay.workflows.ports import WorkflowStore


@dataclass(frozen=True, slots=True)
class RecordedDeliveries(WorkflowDeliveries):
    """``WorkflowDeliveries`` over the records of workflows."""

    store: WorkflowStore

    @override
    def delivery_of(self, workflow_id: str) -> Delivery | None:
        records = self.store.load(workflow_id)
        return None if records is None else records.run.delivery
