"""`python -m benchmarks.cost.worker`: takes a `Job` as JSON on standard input, prints a `Count` as JSON.

The handlers run as Lambda runs them, event in, answer out, in a process whose environment is theirs. Only the queue
between them is a scratch one for both lanes, since the deployed `execute` would work off the others.
"""

import base64
import importlib.util
import io
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import boto3

from actionrelay.wiring.process import aws
from benchmarks.cost.capacity import Item, Table
from benchmarks.cost.meter import Meter
from local.world.state import ROOT

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

_RECEIVE_AT_MOST = 10
_LOG_EVENT_BYTES = 26
"""What CloudWatch Logs bills on top of each event's text."""


@dataclass(frozen=True, slots=True)
class Job:
    """Requests to submit, and how many messages `execute` gets at once; the first `warm` go alone, uncounted."""

    bodies: list[str]
    together: int
    """How many go in one `POST /batches`; 1 is `POST /executions`."""
    batch: int
    warm: int
    queue_url: str
    tables: list[str]
    changes_per_batch: int
    """How many changes that count the stream hands to `count` at once."""


@dataclass(slots=True)
class Count:
    """What the counted executions took, all together; durations are one sample per invocation, in ms."""

    executions: int = 0
    submissions: int = 0
    """Of workflows; 0 where executions are submitted themselves."""
    requests: dict[str, int] = field(default_factory=dict)
    write_units: dict[str, int] = field(default_factory=dict)
    read_units: dict[str, float] = field(default_factory=dict)
    stored_bytes: int = 0
    logged_bytes: int = 0
    validate_ms: list[float] = field(default_factory=list)
    execute_ms: list[float] = field(default_factory=list)
    workflows_ms: list[float] = field(default_factory=list)
    count_ms: list[float] = field(default_factory=list)


class Log(io.TextIOBase):
    """Replaces standard output, where functions log: counts bytes as CloudWatch Logs bills them."""

    def __init__(self) -> None:
        self.billed_bytes = 0

    def write(self, text: str) -> int:
        """Count a text."""
        self.billed_bytes += len(text.encode()) + text.count("\n") * (_LOG_EVENT_BYTES - 1)
        return len(text)


@dataclass(frozen=True, slots=True)
class _Context:
    """What the handlers look at of a Lambda context."""

    function_name: str
    memory_limit_in_mb: int = 1_024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:benchmark"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 90_000


class Worker:
    """Runs the handlers of executions that are submitted alone, or together."""

    def __init__(self, job: Job, log: Log) -> None:
        unmetered = boto3.Session()
        self.sqs = unmetered.client("sqs")
        described = [unmetered.client("dynamodb").describe_table(TableName=name)["Table"] for name in job.tables]
        self._tables = {table["TableName"]: Table.described(table) for table in described}
        self._meter = Meter(self._tables)
        self._meter.attach(aws().session.events)
        self.job, self._log = job, log
        self.validate, self.execute, self._counting = handler_of("validate"), handler_of("execute"), handler_of("count")
        self.counted = Count()

    def work(self) -> Count:
        """Run all, and count those after the warm ones."""
        bodies, warm = self.job.bodies, self.job.warm
        size = max(self.job.batch, self.job.together)
        for body in bodies[:warm]:
            self.run([body])
        self._follow_streams()
        self._meter.reset()
        self.counted = Count()
        self._log.billed_bytes, stored = 0, self._stored()
        for part in parts(bodies[warm:], size):
            self.run(part)
        self._follow_streams()
        require(not self._unfinished(), self._unfinished())
        self.counted.requests = dict(self._meter.requests)
        self.counted.write_units = dict(self._meter.write_units)
        self.counted.read_units = dict(self._meter.read_units)
        self.counted.stored_bytes = self._stored() - stored
        self.counted.logged_bytes = self._log.billed_bytes
        return self.counted

    def run(self, bodies: Sequence[str]) -> None:
        """Submit requests and work them off."""
        for part in parts(bodies, self.job.together):
            event = api_event("accepted", part[0]) if self.job.together == 1 else api_event("batch", _batch_of(part))
            answer, milliseconds = timed(self.validate, event, "validate")
            require(_accepted(answer) == len(part), answer)
            self.counted.validate_ms.append(milliseconds)
        for messages in parts(self._received(len(bodies)), self.job.batch):
            answer, milliseconds = timed(self.execute, {"Records": messages}, "execute")
            require(not answer["batchItemFailures"], answer)
            self.counted.execute_ms.append(milliseconds)
        self.counted.executions += len(bodies)

    def _received(self, wanted: int) -> list[dict[str, Any]]:
        """Receive messages the way the event source does; that is billed, and counted by the bill."""
        records: list[dict[str, Any]] = []
        while len(records) < wanted:
            answer = self.sqs.receive_message(
                QueueUrl=self.job.queue_url, MaxNumberOfMessages=_RECEIVE_AT_MOST, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", ()):
                self.sqs.delete_message(QueueUrl=self.job.queue_url, ReceiptHandle=message["ReceiptHandle"])
                records.append({"messageId": message["MessageId"], "body": message["Body"]})
        return records

    def _follow_streams(self) -> None:
        """Hand the stream of executions to `count`, without what its event source filters out."""
        changes = [change for table in self._tables.values() for change in table.changes]
        for table in self._tables.values():
            table.changes.clear()
        records = [record for number, change in enumerate(changes) if (record := _stream_record(number, *change))]
        for part in parts(records, self.job.changes_per_batch):
            _, milliseconds = timed(self._counting, {"Records": part, "shardId": uuid.uuid4().hex}, "count")
            self.counted.count_ms.append(milliseconds)

    def _unfinished(self) -> list[Item]:
        """Records of executions and workflows that did not take the way that is measured."""
        records = [item for table in self._tables.values() for item in table.items.values() if "sk" in item]
        ends = [item for item in records if item["sk"]["S"] in {"ledger", "run"}]
        return [item for item in ends if item["status"] != {"S": "completed"}]

    def _stored(self) -> int:
        return sum(table.stored_bytes for table in self._tables.values())


def _stream_record(number: int, before: Item | None, after: Item) -> dict[str, Any] | None:
    """Write a change as a stream record; None where the template's filters keep it back."""
    sort, status = after.get("sk"), after.get("status")
    if sort != {"S": "accepted"} and (sort, status) != ({"S": "ledger"}, {"S": "completed"}):
        return None
    images = {"NewImage": _image(after)} | ({} if before is None else {"OldImage": _image(before)})
    record = {"SequenceNumber": str(number), **images}
    return {"eventID": str(number), "eventName": "INSERT" if before is None else "MODIFY", "dynamodb": record}


def _image(item: Item) -> dict[str, Any]:
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value for name, value in item.items()
    }


def handler_of(function: str) -> Handler:
    """Return the handler of a function, by its folder."""
    spec = importlib.util.spec_from_file_location(f"{function}_app", ROOT / "functions" / function / "app.py")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{function} has no app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.lambda_handler
    return handler


def timed(handler: Handler, event: dict[str, Any], function: str) -> tuple[dict[str, Any], float]:
    """Return what a handler answers, and how many ms it takes."""
    begun = time.perf_counter()
    answer = handler(event, _Context(function))
    return answer, (time.perf_counter() - begun) * 1_000


def api_event(name: str, body: str) -> dict[str, Any]:
    """Return a recorded event of `validate` with another body."""
    recorded = (ROOT / "events" / "validate" / f"{name}.json").read_text(encoding="utf-8")
    event: dict[str, Any] = json.loads(recorded)
    return {**event, "body": body}


def _batch_of(bodies: Sequence[str]) -> str:
    return f'{{"executions": [{",".join(bodies)}]}}'


def _accepted(answer: dict[str, Any]) -> int:
    """Return how many executions an answer says were accepted."""
    if answer["statusCode"] == 202:
        return 1
    accepted: int = json.loads(answer["body"]).get("accepted", 0)
    return accepted


def parts[Thing](things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    """Give so many at a time."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def require(expected: bool, answer: Any) -> None:
    """Raise RuntimeError where a handler did anything else than what is measured."""
    if not expected:
        raise RuntimeError(f"not what was to be measured: {answer}")


def main() -> None:
    """Read a job, do it, print what it took."""
    job = Job(**json.load(sys.stdin))
    output, log = sys.stdout, Log()
    sys.stdout = log
    count = Worker(job, log).work()
    output.write(json.dumps(asdict(count)) + "\n")


if __name__ == "__main__":
    main()
