"""The parts of a wait for an execution's end, for reads and submissions."""

import time
from typing import override

from actionrelay.find.ports import Sleep
from actionrelay.find.slots_dynamodb import TableWaitSlots
from actionrelay.find.waiting import AwaitEnd
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.ports import ExecutionStore
from actionrelay.wiring.process import SystemClock, aws
from actionrelay.wiring.settings import QuerySettings, ValidateSettings
from actionrelay.wiring.telemetry import telemetry


class SystemSleep(Sleep):
    """A ``Sleep`` of the machine."""

    @override
    def sleep(self, milliseconds: int) -> None:
        time.sleep(milliseconds / 1_000)


def awaiting(settings: QuerySettings | ValidateSettings, store: ExecutionStore) -> AwaitEnd:
    """Return what waits for a store's executions to end."""
    return AwaitEnd(
        store=store,
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        slots=TableWaitSlots(aws().dynamodb, settings.executions_table, settings.max_waiting, SystemClock()),
        sleep=SystemSleep(),
        telemetry=telemetry(),
        clock=SystemClock(),
    )
