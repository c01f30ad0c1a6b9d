"""Past days: executions in the audit table as the functions would have written them, and their export."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, PayloadRef
from actionrelay.ledger.history_dynamodb import AuditTable
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.stack.deployment import ACTION, Deployment

DAY_MS = 86_400_000


def day_of(at_ms: int) -> str:
    """The UTC day of a moment."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d")


def _executions_of(day_ms: int, number: int) -> Iterator[Execution]:
    for each in range(number):
        inputs = PayloadRef("key", 10, "d" * 64)
        draft = Execution(
            execution_id=str(uuid.uuid4()),
            action_id=ACTION,
            trace_id=str(uuid.uuid4()),
            content_hash="content",
            request=inputs,
            timeout_ms=60_000,
            cache_key=None,
            webhook_url=None,
            repeatable=True,
            created_at=day_ms + each,
            updated_at=day_ms + each,
            queued_at=day_ms + each,
        )
        yield ledger.cancel(ledger.accept(draft), day_ms + each + 1, "arn:aws:iam::000000000000:user/operator")


def given_a_past_day(deployment: Deployment, day_ms: int, number: int) -> None:
    """Write executions of a past day as the functions would have written them."""
    trail = AuditTable(deployment.aws("dynamodb"), deployment.stack.outputs["AuditTableName"], 400, RecordedTelemetry())
    for execution in _executions_of(day_ms, number):
        for entry in execution.audit.owed:
            trail.append([entry])


def export(deployment: Deployment, wanted: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Invoke the function like an operator; return its response, and whether it failed."""
    answer = deployment.aws("lambda").invoke(
        FunctionName=deployment.function("ExportFunction")["FunctionName"], Payload=json.dumps(wanted).encode()
    )
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    return said, "FunctionError" in answer
