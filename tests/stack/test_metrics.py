"""The deployment's counts in its API: each execution once, however it ended."""

import json
import uuid
from typing import Any

import pytest

from tests.stack.deployment import Deployment
from tests.template.cloudformation import ROOT

NUMBERS = (
    "totalExecutions",
    "successfulExecutions",
    "failedExecutions",
    "unknownExecutions",
    "cancelledExecutions",
    "inProgressExecutions",
    "cacheHits",
)


def numbers(document: dict[str, Any]) -> tuple[int, ...]:
    return tuple(document[name] for name in NUMBERS)


def reported(deployment: Deployment, action_id: str, *expected: int) -> dict[str, Any]:
    """Wait until the counters of an action are these."""

    def look() -> dict[str, Any] | None:
        found = deployment.metrics(actionId=action_id)
        return found if numbers(found) == expected else None

    return deployment.eventually(look)


def test_each_kind_of_end_is_counted_where_it_belongs(
    data_actions: Deployment,
) -> None:
    action_id = str(uuid.uuid4())
    data_actions.genesys.patch_scenario({"mode": "completed"})
    inputs = {"order": str(uuid.uuid4())}
    data_actions.run(actionId=action_id, inputs=inputs)
    assert data_actions.submit(actionId=action_id, inputs=inputs).document["cacheStatus"] == "hit"
    failing = data_actions.request(actionId=action_id)
    data_actions.genesys.script({"status": 400, "executionId": failing["executionId"]})
    data_actions.api.submit(failing)
    assert data_actions.ended(failing["executionId"])["status"] == "failed"

    found = reported(data_actions, action_id, 3, 2, 1, 0, 0, 0, 1)

    assert found["successRate"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["latencyMs"]["p50"] > 0
    assert [numbers(day) for day in found["days"]] == [numbers(found)]
    assert [(action["actionId"], numbers(action)) for action in found["actions"]] == [(action_id, numbers(found))]
    assert sum(hour["totalExecutions"] for hour in found["hours"]) >= 3

    again = data_actions.api.call("POST", f"/executions/{failing['executionId']}/retry")
    assert again.status == 202
    assert data_actions.ended(failing["executionId"])["status"] == "completed"
    assert reported(data_actions, action_id, 3, 3, 0, 0, 0, 0, 1)["successRate"] == 1


def test_a_repeated_batch_is_counted_once(data_actions: Deployment) -> None:
    event = json.loads((ROOT / "events" / "count" / "executions.json").read_text(encoding="utf-8"))
    event["shardId"], action_id = str(uuid.uuid4()), str(uuid.uuid4())
    for record in event["Records"]:
        for image in ("NewImage", "OldImage"):
            if image in record["dynamodb"]:
                record["dynamodb"][image]["action_id"] = {"S": action_id}
    for records in (event["Records"][:1], event["Records"], event["Records"][1:], event["Records"]):
        data_actions.invoke("CountFunction", event | {"Records": records})

    reported(data_actions, action_id, 1, 1, 0, 0, 0, 0, 0)


def test_an_unreadable_period_reports_every_fault(data_actions: Deployment) -> None:
    refused = data_actions.api.call("GET", "/metrics?from=yesterday&to=tomorrow")

    assert refused.status == 422
    assert {fault["pointer"] for fault in refused.document["errors"]} == {"/query/from", "/query/to"}
