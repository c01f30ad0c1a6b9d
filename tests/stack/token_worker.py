"""`python -m tests.stack.token_worker FOLDER [EXECUTIONS]`: one cold worker of `execute`, wired as the function is.

It makes its clients, writes a file `ready-<pid>` that names it, and waits for a file `go`. Then it gets a token, coming
back as the queue would bring it back; or, with a number, it has submitted so many executions, and works the queue off
until there is a file `stop`. What it did is printed as JSON.
"""

import json
import os
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from actionrelay.boundary import batch
from actionrelay.errors import TokenBeingRefreshedError
from actionrelay.token.shared import SharedToken
from actionrelay.wiring.execute import execute_batch, execution_dead_letters
from actionrelay.wiring.process import aws
from actionrelay.wiring.validate import submit_execution

_PATIENCE_SECONDS = 60.0
_ACTION = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"


@dataclass(frozen=True, slots=True)
class _Context:
    """The parts of a Lambda context that the boundary uses."""

    def get_remaining_time_in_millis(self) -> int:
        return 90_000


class _Worker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls: Counter[str] = Counter()
        aws().session.events.register("before-send", self._sent)
        self._tokens = cast("SharedToken", execute_batch().for_batch([]).tokens)

    def work(self, executions: int) -> dict[str, Any]:
        """Process executions, and return what it took."""
        submitted = [self._submit() for _ in range(executions)]
        ready = self._folder / f"ready-{os.getpid()}"
        ready.with_suffix(".part").write_text(self._tokens.worker)
        ready.with_suffix(".part").rename(ready)
        while not (self._folder / "go").exists():
            time.sleep(0.02)
        if executions:
            self._work_off()
            statuses = [self._status(execution_id) for execution_id in submitted]
            return {"statuses": statuses, "calls": self._calls}
        version, waits = self._token()
        return {"version": version, "waits": waits, "calls": self._calls}

    def _token(self) -> tuple[str, int]:
        ends, waits = time.monotonic() + _PATIENCE_SECONDS, 0
        while True:
            try:
                return self._tokens.token().version, waits
            except TokenBeingRefreshedError as error:
                waits += 1
                if time.monotonic() > ends:
                    raise
                time.sleep(execute_batch().for_batch([]).randomness.uniform() * error.retry_within_ms / 1_000)

    def _submit(self) -> str:
        request: dict[str, Any] = {"actionId": _ACTION, "inputs": {"order": str(uuid.uuid4())}, "cacheResults": False}
        request["executionId"] = execution_id = str(uuid.uuid4())
        submit_execution().submit(json.dumps(request).encode())
        return execution_id

    def _work_off(self) -> None:
        """Receive, work and delete, as an event source mapping does for a function."""
        queue = os.environ["EXECUTION_QUEUE_URL"]
        while not (self._folder / "stop").exists():
            received = aws().sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = {message["MessageId"]: message for message in received.get("Messages", ())}
            if not messages:
                continue
            records = [{"messageId": name, "body": message["Body"]} for name, message in messages.items()]
            answer = batch.serve(
                {"Records": records},
                cast("Any", _Context()),
                lambda some: execute_batch().for_batch(some).work,
                execution_dead_letters,
            )
            failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
            for name, message in messages.items():
                if name not in failed:
                    aws().sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def _status(self, execution_id: str) -> str:
        execution = execute_batch().for_batch([]).recorder.load(execution_id)
        return execution.status.value if execution else "gone"

    def _sent(self, event_name: str, **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        self._calls[f"{service}:{operation}"] += 1


def main() -> None:
    """Process executions, and print what it took as the last line."""
    folder, executions = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    sys.stdout.write(json.dumps(_Worker(folder).work(executions)) + "\n")


if __name__ == "__main__":
    main()
