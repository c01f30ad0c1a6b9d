"""The functions of a deployed world, run and counted in a process of their own (`worker`)."""

import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import asdict

import boto3

from benchmarks.cost.worker import Count, Job
from benchmarks.samples import ECHO_ACTION, SMALL_BYTES, request
from local.world.deploy import STACK_NAME
from local.world.state import ROOT, Stack

_FUNCTIONS = {
    "validate": "ValidateFunction",
    "execute": "ExecuteFunction",
    "workflows": "WorkflowsFunction",
    "count": "CountFunction",
}
BATCH = 10
"""Messages that `execute` gets at once under heavy load."""
PARTITIONS = 4
"""A table has at least as many, and `count` is given the changes of each on its own."""
GATHERED_SECONDS = 60
"""What the template has as ``MaximumBatchingWindowInSeconds``."""
CHANGES_EACH = 2
_MONTH_SECONDS = 30 * 86_400
_A_MILLION_A_MONTH = 1_000_000 / _MONTH_SECONDS * GATHERED_SECONDS / PARTITIONS
CHANGES = {1: CHANGES_EACH * int(_A_MILLION_A_MONTH), BATCH: 100}
"""How many changes `count` gets at once, by how many messages `execute` gets. One message is what it gets at a million
executions a month; at ten there are 20 executions and more a second."""
WARM = 2
"""Executions, or workflows, before what is counted."""


class Deployed:
    """The functions of a deployed stack, as far as they can be run elsewhere."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._session = boto3.Session(stack.access_key_id, stack.secret_access_key, region_name=stack.region)
        self.memory_mb: dict[str, int] = {}
        self._variables: dict[str, str] = {}
        formation = self._session.client("cloudformation", endpoint_url=stack.endpoint_url)
        functions = self._session.client("lambda", endpoint_url=stack.endpoint_url)
        for function, logical_id in _FUNCTIONS.items():
            found = formation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=logical_id)
            name = found["StackResourceDetail"]["PhysicalResourceId"]
            configuration = functions.get_function_configuration(FunctionName=name)
            self.memory_mb[function] = configuration["MemorySize"]
            self._variables |= configuration["Environment"]["Variables"]

    def count(self, *, batch: int, executions: int, together: int = 1) -> Count:
        """Run executions of 1 KB that no cache entry answers, and count what they take.

        `batch` messages reach `execute` at once, and `together` go in one submission.
        """
        bodies = [
            json.dumps(request(SMALL_BYTES, label=uuid.uuid4().hex) | {"actionId": ECHO_ACTION})
            for _ in range(WARM + executions)
        ]
        return self.counted("benchmarks.cost.worker", bodies, batch=batch, together=together)

    def counted(self, worker: str, bodies: list[str], *, batch: int, together: int = 1) -> Count:
        """Have a module that is a worker submit these, the first ``WARM`` uncounted, and count what they take."""
        with self._scratch_queue() as queue_url, self._scratch_queue() as workflow_queue_url:
            tables = [self._stack.outputs["ExecutionsTableName"], self._stack.outputs["AuditTableName"]]
            job = Job(bodies, together, batch, WARM, queue_url, tables, CHANGES[batch])
            done = subprocess.run(
                [sys.executable, "-m", worker],
                input=json.dumps(asdict(job)),
                env=self._environment(queue_url, workflow_queue_url),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        return Count(**json.loads(done.stdout))

    def _environment(self, queue_url: str, workflow_queue_url: str) -> dict[str, str]:
        """Return what a process needs to be these functions, with other queues between them."""
        return self._variables | {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "AWS_ENDPOINT_URL": self._stack.endpoint_url,
            "AWS_REGION": self._stack.region,
            "AWS_DEFAULT_REGION": self._stack.region,
            "AWS_ACCESS_KEY_ID": self._stack.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._stack.secret_access_key,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "EXECUTION_QUEUE_URL": queue_url,
            "BULK_QUEUE_URL": queue_url,
            "WORKFLOW_QUEUE_URL": workflow_queue_url,
        }

    @contextlib.contextmanager
    def _scratch_queue(self) -> Iterator[str]:
        """Make a queue that nothing polls, for as long as the block runs."""
        client = self._session.client("sqs", endpoint_url=self._stack.endpoint_url)
        url = client.create_queue(QueueName=f"benchmark-{uuid.uuid4().hex}")["QueueUrl"]
        try:
            yield url
        finally:
            client.delete_queue(QueueUrl=url)
