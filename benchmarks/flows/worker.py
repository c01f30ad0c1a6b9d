"""`python -m benchmarks.flows.worker`: as `benchmarks.cost.worker`, and the requests that it submits are workflows."""

import json
import os
import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, override

from benchmarks.cost.worker import Job, Log, Worker, api_event, handler_of, parts, require, timed

_QUIET_ROUNDS = 3
"""The emulator may answer that a queue is empty once too often."""


class FlowWorker(Worker):
    """Runs the handlers of workflows, and counts what all of their executions take."""

    def __init__(self, job: Job, log: Log) -> None:
        super().__init__(job, log)
        self._workflows = handler_of("workflows")
        self._changed_url = os.environ["WORKFLOW_QUEUE_URL"]

    @override
    def run(self, bodies: Sequence[str]) -> None:
        """Submit workflows, then hand messages to both functions in turns until all is quiet."""
        flows = [self._submit(body) for body in bodies]
        quiet = 0
        while quiet < _QUIET_ROUNDS:
            changed, due = self._taken(self._changed_url), self._taken(self.job.queue_url)
            if changed:
                self._advance(changed)
            if due:
                answer, milliseconds = timed(self.execute, {"Records": due}, "execute")
                require(not answer["batchItemFailures"], answer)
                self.counted.execute_ms.append(milliseconds)
                self.counted.executions += len(due)
            quiet = 0 if changed or due else quiet + 1
        # What keeps the deadlines is delayed, and finds them ended.
        watches = [json.dumps({"workflowId": workflow_id, "watch": 0}) for workflow_id in flows]
        for some in parts(watches, self.job.batch):
            self._advance([{"messageId": uuid.uuid4().hex, "body": body} for body in some])

    def _submit(self, body: str) -> str:
        answer, milliseconds = timed(self.validate, api_event("workflow", body), "validate")
        require(answer["statusCode"] == 202, answer)
        self.counted.validate_ms.append(milliseconds)
        self.counted.submissions += 1
        return str(json.loads(answer["body"])["workflowId"])

    def _advance(self, records: list[dict[str, Any]]) -> None:
        answer, milliseconds = timed(self._workflows, {"Records": records}, "workflows")
        require(not answer["batchItemFailures"], answer)
        self.counted.workflows_ms.append(milliseconds)

    def _taken(self, queue_url: str) -> list[dict[str, Any]]:
        """Take what is there, a batch at most."""
        answer = self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=self.job.batch)
        for message in answer.get("Messages", ()):
            self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [{"messageId": each["MessageId"], "body": each["Body"]} for each in answer.get("Messages", ())]


def main() -> None:
    """Read a job, do it, print what it took."""
    job = Job(**json.load(sys.stdin))
    output, log = sys.stdout, Log()
    sys.stdout = log
    count = FlowWorker(job, log).work()
    output.write(json.dumps(asdict(count)) + "\n")


if __name__ == "__main__":
    main()
