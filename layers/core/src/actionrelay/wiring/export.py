"""How ``export`` is built."""

import os

from actionrelay.audit.export import ExportAuditDay
from actionrelay.audit.files_s3 import BucketDayFiles
from actionrelay.audit.reader_dynamodb import AuditTableReader
from actionrelay.audit.refusals_dynamodb import TableRefusals
from actionrelay.wiring.process import SystemClock, aws, once, prepare
from actionrelay.wiring.settings import ExportSettings
from actionrelay.wiring.telemetry import telemetry


@once
def export_audit_day() -> ExportAuditDay:
    """Writes a day of the audit to the bucket."""
    settings = ExportSettings.read(os.environ)
    clock = SystemClock()
    return ExportAuditDay(
        audit=AuditTableReader(aws().dynamodb, settings.audit_table),
        refusals=TableRefusals(aws().dynamodb, settings.executions_table),
        files=BucketDayFiles(aws().s3, settings.payload_bucket, clock, settings.export_lock_days),
        telemetry=telemetry(),
        clock=clock,
    )


prepare(export_audit_day)
