"""The deployment's two tables and its dead-letter queue, read with an administrator's rights."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.entries_dynamodb import read_entries
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.items_dynamodb import is_name_of_run, read_execution
from actionrelay.workflows.items_dynamodb import read_run
from local.chaos.worlds import WORKFLOW_VISIBILITY_SECONDS
from local.world.emulator import Account
from local.world.state import Stack

_EXECUTION, _WORKFLOW = "execution#", "workflow#"


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

    def see_again_soon(self, stack_name: str) -> None:
        """Have the message of a killed `workflows` seen again after `WORKFLOW_VISIBILITY_SECONDS`."""
        described = self._formation.describe_stack_resource(StackName=stack_name, LogicalResourceId="WorkflowQueue")
        url = described["StackResourceDetail"]["PhysicalResourceId"]
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(WORKFLOW_VISIBILITY_SECONDS)})

    def flow_statuses(self) -> dict[str, str]:
        """Return the status of every workflow on record."""
        items = self._scan(
            self._outputs["ExecutionsTableName"],
            FilterExpression="begins_with(pk, :workflow) AND sk IN (:accepted, :run)",
            ExpressionAttributeValues={
                ":workflow": {"S": _WORKFLOW},
                ":accepted": {"S": "workflow"},
                ":run": {"S": "run"},
            },
        )
        records: defaultdict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for item in items:
            records[item["pk"]["S"].removeprefix(_WORKFLOW)][item["sk"]["S"]] = item
        return {name: read_run(name, parts["workflow"], parts.get("run")).status for name, parts in records.items()}

    def statuses(self) -> dict[str, str]:
        """Return the status of every execution on record."""
        return {each.execution_id: each.status.value for each in self.executions()}

    def executions(self) -> list[Execution]:
        """Return every execution on record."""
        items = self._scan(
            self._outputs["ExecutionsTableName"],
            FilterExpression="begins_with(pk, :execution)",
            ExpressionAttributeValues={":execution": {"S": _EXECUTION}},
        )
        records: defaultdict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for item in items:
            records[item["pk"]["S"].removeprefix(_EXECUTION)][item["sk"]["S"]] = item
        return [
            read_execution(name, parts["accepted"], parts.get("ledger"))
            for name, parts in records.items()
            if not is_name_of_run(parts["accepted"])
        ]

    def audit(self) -> dict[str, tuple[AuditEntry, ...]]:
        """Return every execution's audit entries, in the order of `seq`."""
        entries: defaultdict[str, set[AuditEntry]] = defaultdict(set)
        for item in self._scan(self._outputs["AuditTableName"]):
            for entry in read_entries(item):
                entries[entry.execution_id].add(entry)
        return {name: tuple(sorted(some, key=lambda entry: entry.seq)) for name, some in entries.items()}

    def redrive(self) -> int:
        """Redrive the dead-letter queue of executions; return how many messages.

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
