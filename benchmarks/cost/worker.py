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
    requests: dict[str, int] = field(default_factory=dict)
    write_units: dict[str, int] = field(default_factory=dict)
    read_units: dict[str, float] = field(default_factory=dict)
    stored_bytes: int = 0
    logged_bytes: int = 0
    validate_ms: list[float] = field(default_factory=list)
    execute_ms: list[float] = field(default_factory=list)
    count_ms: list[float] = field(default_factory=list)


class _Log(io.TextIOBase):
    """Replaces standard output, where functions log: counts bytes as CloudWatch Logs bills them."""

    def __init__(self) -> None:
        self.billed_bytes = 0

    def write(self, text: str) -> int:
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


class _Worker:
    def __init__(self, job: Job, log: _Log) -> None:
        unmetered = boto3.Session()
        self._sqs = unmetered.client("sqs")
        described = [unmetered.client("dynamodb").describe_table(TableName=name)["Table"] for name in job.tables]
        self._tables = {table["TableName"]: Table.described(table) for table in described}
        self._meter = Meter(self._tables)
        self._meter.attach(aws().session.events)
        self._job, self._log = job, log
        self._validate, self._execute, self._counting = _handler("validate"), _handler("execute"), _handler("count")
        self._count = Count()

    def work(self) -> Count:
        """Run all, and count those after the warm ones."""
        bodies, warm = self._job.bodies, self._job.warm
        size = max(self._job.batch, self._job.together)
        for body in bodies[:warm]:
            self._run([body])
        self._follow_streams()
        self._meter.reset()
        self._count = Count()
        self._log.billed_bytes, stored = 0, self._stored()
        for part in _parts(bodies[warm:], size):
            self._run(part)
        self._follow_streams()
        _require(not self._unfinished(), self._unfinished())
        self._count.requests = dict(self._meter.requests)
        self._count.write_units = dict(self._meter.write_units)
        self._count.read_units = dict(self._meter.read_units)
        self._count.stored_bytes = self._stored() - stored
        self._count.logged_bytes = self._log.billed_bytes
        return self._count

    def _run(self, bodies: Sequence[str]) -> None:
        for part in _parts(bodies, self._job.together):
            event = _api_event("accepted", part[0]) if self._job.together == 1 else _api_event("batch", _batch_of(part))
            answer, milliseconds = _timed(self._validate, event, "validate")
            _require(_accepted(answer) == len(part), answer)
            self._count.validate_ms.append(milliseconds)
        for messages in _parts(self._received(len(bodies)), self._job.batch):
            answer, milliseconds = _timed(self._execute, {"Records": messages}, "execute")
            _require(not answer["batchItemFailures"], answer)
            self._count.execute_ms.append(milliseconds)
        self._count.executions += len(bodies)

    def _received(self, wanted: int) -> list[dict[str, Any]]:
        """Receive messages the way the event source does; that is billed, and counted by the bill."""
        records: list[dict[str, Any]] = []
        while len(records) < wanted:
            answer = self._sqs.receive_message(
                QueueUrl=self._job.queue_url, MaxNumberOfMessages=_RECEIVE_AT_MOST, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", ()):
                self._sqs.delete_message(QueueUrl=self._job.queue_url, ReceiptHandle=message["ReceiptHandle"])
                records.append({"messageId": message["MessageId"], "body": message["Body"]})
        return records

    def _follow_streams(self) -> None:
        """Hand the stream of executions to `count`, without what its event source filters out."""
        changes = [change for table in self._tables.values() for change in table.changes]
        for table in self._tables.values():
            table.changes.clear()
        records = [record for number, change in enumerate(changes) if (record := _stream_record(number, *change))]
        for part in _parts(records, self._job.changes_per_batch):
            _, milliseconds = _timed(self._counting, {"Records": part, "shardId": uuid.uuid4().hex}, "count")
            self._count.count_ms.append(milliseconds)

    def _unfinished(self) -> list[Item]:
        """Records of executions that did not take the way that is measured."""
        records = [item for table in self._tables.values() for item in table.items.values() if "sk" in item]
        return [item for item in records if item["sk"]["S"] == "ledger" and item["status"] != {"S": "completed"}]

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


def _handler(function: str) -> Handler:
    spec = importlib.util.spec_from_file_location(f"{function}_app", ROOT / "functions" / function / "app.py")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{function} has no app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.lambda_handler
    return handler


def _timed(handler: Handler, event: dict[str, Any], function: str) -> tuple[dict[str, Any], float]:
    begun = time.perf_counter()
    answer = handler(event, _Context(function))
    return answer, (time.perf_counter() - begun) * 1_000


def _api_event(name: str, body: str) -> dict[str, Any]:
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


def _parts[Thing](things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _require(expected: bool, answer: Any) -> None:
    if not expected:
        raise RuntimeError(f"not what was to be measured: {answer}")


def main() -> None:
    """Read a job, do it, print what it took."""
    job = Job(**json.load(sys.stdin))
    output, log = sys.stdout, _Log()
    sys.stdout = log
    count = _Worker(job, log).work()
    output.write(json.dumps(asdict(count)) + "\n")


if __name__ == "__main__":
    main()
