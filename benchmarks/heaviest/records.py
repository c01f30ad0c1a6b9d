"""What functions find on record, put there by the adapters of the package themselves."""

import uuid
import zlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import boto3

from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, Outcome, PayloadRef, Status, WorkflowPlace
from actionrelay.ledger.executions_dynamodb import ExecutionsTable
from actionrelay.ledger.payloads_s3 import PREFIX, BucketPayloads
from actionrelay.strict_json import canonical, digest
from actionrelay.wiring.process import SystemClock
from actionrelay.workflows.run import Run, StepRecord, execution_id
from actionrelay.workflows.table_dynamodb import WorkflowsTable
from benchmarks.heaviest.services import BUCKET, Services
from benchmarks.samples import ACTION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

RETENTION_DAYS = 30
_MINUTE_MS = 60_000
_LARGE_BYTES = 100_000
"""What is never in a record."""


@dataclass(frozen=True)
class Records:
    """Writes records to the services that a function will read them from."""

    services: Services
    age_ms: int = 60_000
    """How long ago all of it was written."""
    _compressed: dict[bytes, tuple[str, bytes]] = field(default_factory=dict, repr=False)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """A client of the benchmark's own."""
        client: DynamoDBClient = self._client("dynamodb")
        return client

    @cached_property
    def payloads(self) -> BucketPayloads:
        """The bucket."""
        client: S3Client = self._client("s3")
        return BucketPayloads(client, BUCKET)

    @cached_property
    def executions(self) -> ExecutionsTable:
        """The ledger."""
        return ExecutionsTable(self.dynamodb, "executions", RETENTION_DAYS)

    @cached_property
    def workflows(self) -> WorkflowsTable:
        """The records of workflows."""
        return WorkflowsTable(self.dynamodb, "executions", RETENTION_DAYS)

    @cached_property
    def now(self) -> int:
        """When all of it was written (ms)."""
        return SystemClock().now() - self.age_ms

    def queued(self, **changes: Any) -> Execution:
        """Put an execution on record that waits to be run."""
        execution = ledger.accept(self.draft(**changes)).paid()
        self.executions.create(execution)
        return execution

    def awaiting(self, **changes: Any) -> Execution:
        """Put one on record that waits for its webhook."""
        running = ledger.claim(self.queued(**changes), "attempt", self.now, self.now + _MINUTE_MS).paid()
        waiting = ledger.await_webhook(running, self.now, self.now + 10 * _MINUTE_MS, 1, None).paid()
        self.executions.save(waiting)
        return waiting

    def completed(self, result: str, **changes: Any) -> Execution:
        """Put one on record that has completed with a result."""
        draft = self.draft(**changes)
        ref = self.stored(f"{draft.execution_id}/result", result.encode())
        self.executions.create(ledger.accept(draft).paid())
        running = ledger.claim(ledger.accept(draft).paid(), "attempt", self.now, self.now + _MINUTE_MS).paid()
        ended = ledger.settle(running, Outcome(Status.COMPLETED, result=ref), self.now).paid()
        self.executions.save(ended)
        return ended

    def unknown(self) -> Execution:
        """Put one on record of which it is not known whether it ran."""
        waiting = self.awaiting()
        ended = ledger.settle(waiting, Outcome(Status.UNKNOWN), self.now).paid()
        self.executions.save(ended)
        return ended

    def draft(self, **changes: Any) -> Execution:
        """Return an execution that is not on record yet."""
        inputs = canonical({"customerId": "cust_998877"})
        name = str(changes.pop("execution_id", None) or uuid.uuid4())
        draft = Execution(
            execution_id=name,
            action_id=ACTION,
            trace_id=name,
            content_hash="",
            request=PayloadRef(f"{name}/request/{digest(inputs)}", len(inputs), digest(inputs), None),
            timeout_ms=_MINUTE_MS,
            cache_key=None,
            webhook_url=None,
            repeatable=True,
            created_at=self.now,
            updated_at=self.now,
            queued_at=self.now,
        )
        draft = replace(draft, request=self.payloads.refer(draft.request.key, inputs))
        return replace(draft, **changes)

    def workflow(self, steps: dict[str, Any], written: dict[str, StepRecord]) -> Run:
        """Put a workflow on record, as its definition and what was written of its steps."""
        workflow_id = str(uuid.uuid4())
        document: dict[str, Any] = {
            "onFailure": "continue",
            "deadlineSeconds": 86_400,
            "webhookUrl": None,
            "lane": "interactive",
            "steps": {name: {"actionId": ACTION, "inputs": {}, **step} for name, step in steps.items()},
        }
        run = Run(
            workflow_id=workflow_id,
            trace_id=workflow_id,
            content_hash="",
            definition=self.stored(f"workflow/{workflow_id}/definition", canonical(document)),
            webhook_url=None,
            lane="interactive",
            created_at=self.now,
            deadline_at=self.now + 86_400_000,
            caller=None,
            acceptance_id="",
        )
        self.workflows.create(run)
        for step in written.values():
            self.workflows.save_step(run, step)
        return run

    def result_of_step(self, run: Run, step: str, result: str) -> None:
        """Put the execution of a step on record, as completed."""
        place = WorkflowPlace(run.workflow_id, step)
        self.completed(result, execution_id=execution_id(run.workflow_id, step, None, 1), workflow=place)

    def stored(self, key: str, data: bytes) -> PayloadRef:
        """Put data where payloads are; the same data is compressed once."""
        if len(data) < _LARGE_BYTES:
            return self.payloads.refer(key, data)
        if data not in self._compressed:
            self._compressed[data] = digest(data), zlib.compress(data, 1)
        named, self.services.objects[f"/{BUCKET}/{PREFIX}{key}"] = self._compressed[data]
        return PayloadRef(key, len(data), named)

    def _client(self, service: Literal["dynamodb", "s3"]) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.services.url,
            region_name="eu-central-1",
            aws_access_key_id="benchmark",
            aws_secret_access_key="benchmark",  # noqa: S106 - of no account
        )
