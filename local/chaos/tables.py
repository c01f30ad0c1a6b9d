"""The deployment's two tables and its dead-letter queue, read with an administrator's rights."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from actionrelay.aws.items import read_entry
from actionrelay.models import AuditEntry
from local.world.emulator import Account
from local.world.state import Stack

_EXECUTION = "execution#"


class Tables:
    """What is on record, and what no worker survived."""

    def __init__(self, stack: Stack) -> None:
        session = Account(stack.endpoint_url, stack.access_key_id, stack.secret_access_key).session()
        self._outputs = stack.outputs
        self._dynamodb = session.client("dynamodb", endpoint_url=stack.endpoint_url)
        self._sqs = session.client("sqs", endpoint_url=stack.endpoint_url)
        self._formation = session.client("cloudformation", endpoint_url=stack.endpoint_url)

    def functions(self, stack_name: str) -> dict[str, str]:
        """Return the functions' names by their logical ids."""
        described = self._formation.describe_stack_resources(StackName=stack_name)["StackResources"]
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in described
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }

    def statuses(self) -> dict[str, str]:
        """Return the status of every execution on record."""
        items = self._scan(
            self._outputs["ExecutionsTableName"],
            ProjectionExpression="pk, #status",
            FilterExpression="begins_with(pk, :execution)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":execution": {"S": _EXECUTION}},
        )
        return {item["pk"]["S"].removeprefix(_EXECUTION): item["status"]["S"] for item in items}

    def audit(self) -> dict[str, tuple[AuditEntry, ...]]:
        """Return every execution's audit entries, in the order of `seq`."""
        entries: defaultdict[str, list[AuditEntry]] = defaultdict(list)
        for item in self._scan(self._outputs["AuditTableName"]):
            entry = read_entry(item)
            entries[entry.execution_id].append(entry)
        return {name: tuple(sorted(some, key=lambda entry: entry.seq)) for name, some in entries.items()}

    def redrive(self) -> int:
        """Bring back what lies in the dead-letter queue of executions; return how many messages.

        One by one, as the emulator has no `StartMessageMoveTask`. Sent before it is deleted: twice is harmless.
        """
        dead, living = self._outputs["ExecutionDlqUrl"], self._outputs["ExecutionQueueUrl"]
        redriven = 0
        while messages := self._sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._sqs.send_message(QueueUrl=living, MessageBody=message["Body"])
                self._sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
                redriven += 1
        return redriven

    def _scan(self, table: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, **asked):
            yield from page["Items"]
