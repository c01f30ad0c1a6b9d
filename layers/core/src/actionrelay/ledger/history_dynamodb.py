"""The audit table: append-only. Its writers hold ``dynamodb:PutItem`` alone, and each put wants absence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import Attribute, attribute
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.entries_dynamodb import by_day, entries_item, expiry
from actionrelay.ledger.ports import AuditTrail
from actionrelay.ports import Telemetry
from actionrelay.signals import Count

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class AuditTable(AuditTrail):
    """An ``AuditTrail`` in a DynamoDB table of its own."""

    client: "DynamoDBClient"
    table: str
    retention_days: int
    telemetry: Telemetry

    @override
    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries that follow each other, those of a day as one item.

        What is there already stays as it is. The item is named after its last entry: a reader that finds that one finds
        all before it, here or in an item of their own. A writer that finds another one in its place
        reports it (``AuditConflicts``): its entry is then in no table.
        """
        for part in by_day(entries):
            self._append(part)

    def _append(self, entries: Sequence[AuditEntry]) -> None:
        last = entries[-1]
        expires_at = expiry(last, self.retention_days)
        with failures_as(StoreUnavailableError, "the audit trail can't be written"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item={**entries_item(entries), "expires_at": attribute(expires_at)},
                    ConditionExpression="attribute_not_exists(executionId)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise
                there: Mapping[str, Attribute] | None = failure.response.get("Item")  # type: ignore[assignment]
                if there is not None and there.get("hash") != attribute(last.hash):
                    self.telemetry.count(Count.AUDIT_CONFLICTS)
                    self.telemetry.event(
                        "audit_conflict", execution_id=last.execution_id, seq=last.seq, audit_event=last.event
                    )
