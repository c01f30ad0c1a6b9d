"""How those events are made that take more than a body."""

import json
import os
import random
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from actionrelay.ledger import steps as ledger
from actionrelay.ledger.entries_dynamodb import entries_item
from actionrelay.ledger.execution import Outcome, PayloadRef, Status
from actionrelay.ledger.items_dynamodb import ledger_item
from actionrelay.operate.many_dynamodb import TableDecisions
from actionrelay.operate.ports import ManyDecision
from actionrelay.strict_json import digest
from actionrelay.timestamps import DAY_MS, day_of
from actionrelay.webhooks.keys import parse_secret
from actionrelay.webhooks.signatures import StandardWebhooks
from actionrelay.wiring.process import SystemClock
from actionrelay.workflows.run import Item, StepRecord, StepState
from benchmarks.heaviest.records import RETENTION_DAYS, Records
from benchmarks.heaviest.services import SECRET

PAYLOAD_BYTES = 512_000
RESULT_BYTES = 5 * 1_024 * 1_024 - 1_024
"""5 MB with the envelope around it."""
_DECIDED = 2
_CALLER = "arn:aws:iam::123456789012:user/benchmark"


def http(
    method: str,
    resource: str,
    body: str | None = None,
    *,
    parameters: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return an event of API Gateway."""
    path = resource
    for name, value in (parameters or {}).items():
        path = path.replace(f"{{{name}}}", value)
    given = {"Content-Type": "application/json", **(headers or {})}
    return {
        "httpMethod": method,
        "resource": resource,
        "path": path,
        "headers": given,
        "multiValueHeaders": {name: [value] for name, value in given.items()},
        "pathParameters": parameters,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query and {name: [value] for name, value in query.items()},
        "requestContext": {
            "path": f"/v1{path}",
            "extendedRequestId": "benchmark",
            "identity": {"userArn": _CALLER},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def messages(bodies: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a batch of SQS."""
    return {
        "Records": [
            {"messageId": str(uuid.uuid4()), "body": json.dumps(body), "attributes": {"ApproximateReceiveCount": "1"}}
            for body in bodies
        ]
    }


def signed_report(execution_id: str, result: str) -> dict[str, Any]:
    """Return the webhook that an execution waits for."""
    body = f'{{"executionId":"{execution_id}","status":"completed","result":{result}}}'
    headers = StandardWebhooks.headers((parse_secret(SECRET),), "msg_1", int(time.time()), body.encode())
    return http("POST", "/webhooks/genesys", body, headers=headers)


def large_workflow(records: Records) -> dict[str, Any]:
    """Ask for a workflow of ten steps with a hundred items each, whose results are all that an answer shows."""
    result = "[" + ",".join(f'"{number:020d}"' for number in range(18_000)) + "]"
    names = [f"s{number}" for number in range(10)]
    written = {
        name: StepRecord(
            name,
            state=StepState.COMPLETED,
            items=(Item(StepState.COMPLETED),) * 100,
            result=replace(records.stored(f"workflow/{name}", result.encode()), inline=None),
            started_at=records.now,
            completed_at=records.now,
            version=1,
        )
        for name in names
    }
    run = records.workflow({name: {"forEach": [0] * 100} for name in names}, written)
    return http("GET", "/workflows/{workflowId}", parameters={"workflowId": run.workflow_id})


def list_page(records: Records) -> dict[str, Any]:
    """Ask for a page that is as long as one may be."""
    for _ in range(100):
        draft = records.draft()
        records.executions.create(ledger.accept(draft))
        _audit(records, ledger.accept(draft).audit.owed)
    return http("GET", "/executions", query={"limit": "100"})


def steps_on(result: str) -> Callable[[Records], Any]:
    """Let a step begin in each of ten workflows, on what two others have come to."""
    steps = {
        "a": {},
        "b": {},
        "c": {
            "dependsOn": ["a", "b"],
            "inputs": {name: {"$from": name, "path": "length(@)"} for name in ("a", "b")},
        },
    }

    def event(records: Records) -> Any:
        runs = []
        for _ in range(10):
            ended = {
                name: StepRecord(
                    name, state=StepState.COMPLETED, started_at=records.now, completed_at=records.now, version=1
                )
                for name in ("a", "b")
            }
            run = records.workflow(steps, ended)
            for name in ended:
                records.result_of_step(run, name, result)
            runs.append(run)
        return messages({"workflowId": run.workflow_id} for run in runs)

    return event


def decisions(result: str) -> Callable[[Records], Any]:
    """Decide about some executions in each of ten messages; each message has one of them in memory at a time."""

    def event(records: Records) -> Any:
        store = TableDecisions(records.dynamodb, "executions", RETENTION_DAYS, SystemClock())
        resolution = f'{{"status":"completed","result":{result}}}'
        body = f'{{"decision":"resolve","filter":{{"status":"unknown"}},"resolution":{resolution}}}'
        made = []
        for _ in range(10):
            name = str(uuid.uuid4())
            listed = "\n".join(records.unknown().execution_id for _ in range(_DECIDED))
            decision = ManyDecision(
                decision_id=name,
                actor=None,
                requested_at=SystemClock().now(),
                body=records.stored(f"decision/{name}/request", body.encode()),
                executions=records.stored(f"decision/{name}/executions", listed.encode()),
                matched=_DECIDED,
            )
            store.create(decision)
            made.append(name)
        return messages({"decisionId": name, "part": 0} for name in made)

    return event


def definitions(schema: str) -> Callable[[Records], Any]:
    """Read a list of actions and their definitions, which are in memory one at a time."""

    def event(records: Records) -> Any:
        names = [str(uuid.uuid4()) for _ in range(3)]
        page = {"entities": [{"id": name, "name": name} for name in names], "pageCount": 1, "total": len(names)}
        contract = f'{{"contract":{{"input":{{"inputSchema":{{"type":"object","enum":{schema}}}}}}}}}'
        found = {f"/actions/{name}": (contract.encode(),) for name in names}
        records.services.genesys = {"/integrations/actions": (json.dumps(page).encode(),), **found}
        return {"source": "aws.events"}

    return event


def changes(records: Records) -> dict[str, Any]:
    """Let as many executions end as one batch of the stream holds, each with a result in its record."""
    chance = random.Random(1)
    found = []
    for number in range(500):
        draft = replace(records.draft(), action_id=str(uuid.uuid4()))
        running = ledger.claim(ledger.accept(draft).paid(), "attempt", records.now, records.now).paid()
        data = chance.randbytes(4_000)
        ref = PayloadRef(f"{draft.execution_id}/result", len(data), digest(data), data)
        ended = ledger.settle(running, Outcome(Status.COMPLETED, result=ref), records.now)
        key = {"pk": {"S": f"execution#{draft.execution_id}"}, "sk": {"S": "ledger"}}
        images = {"NewImage": {**key, **ledger_item(ended)}, "OldImage": {**key, **ledger_item(running)}}
        found.append(
            {
                "eventName": "MODIFY",
                "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/executions/stream/1",
                "dynamodb": {"SequenceNumber": f"{number + 1:026d}", **_as_text(images)},
            }
        )
    return {"Records": found, "shardId": "shardId-1", "window": {}, "state": {}}


def day(records: Records) -> dict[str, Any]:
    """Export a day of 400 executions, each with 40 entries of 1.2 KB."""
    records = Records(records.services, age_ms=DAY_MS)
    actor = os.urandom(400).hex()
    for _ in range(400):
        execution = ledger.accept(records.draft())
        for _ in range(39):
            execution = ledger.show_request(execution, records.now, actor)
        _audit(records, execution.audit.owed)
    return {"date": day_of(records.now)}


def deep_health(answer: str) -> Callable[[Records], Any]:
    """Check all of a deployment."""

    def event(records: Records) -> Any:
        records.services.genesys = {
            "/tokens/me": (f'{{"x":{answer}}}'.encode(),),
            "/dataactions": (f'{{"x":{answer}}}'.encode(),),
        }
        return http("GET", "/health", query={"deep": "true"})

    return event


def _audit(records: Records, entries: Iterable[Any]) -> None:
    records.services.tables.answer("PutItem", {"Item": entries_item(tuple(entries))})


def _as_text(value: Any) -> Any:
    """Write bytes as a stream's JSON has them."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return {name: _as_text(each) for name, each in value.items()} if isinstance(value, dict) else value
