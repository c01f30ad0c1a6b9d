"""export: writes a day's audit entries to the bucket, as JSON Lines."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import job
from actionrelay.wiring.export import export_audit_day
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return job.serve(event, context, lambda wanted, ends_at: export_audit_day().export(wanted, ends_at))
