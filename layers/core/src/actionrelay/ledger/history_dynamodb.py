"""The audit table, append-only: writers may only ``dynamodb:PutItem``, and each put requires absence."""

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
        """Add consecutive entries, those of one day as one item.

        An item that exists is not changed. An item has the key of its last entry. If another entry has that key, the
        conflict is counted (``AuditConflicts``), and the new entry is in no table.
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
