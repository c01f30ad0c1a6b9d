"""Workflows through the deployed API: real queues, real roles."""

import uuid
from collections.abc import Callable
from typing import Any

from actionrelay.strict_json import canonical
from actionrelay.workflows.run import execution_id
from tests.stack.deployment import ACTION, Deployment

PATIENCE_SECONDS = 120.0


def a_step(**fields: Any) -> dict[str, Any]:
    return {"actionId": ACTION, "inputs": {"n": str(uuid.uuid4())}, "cacheResults": False, **fields}


def submitted(deployment: Deployment, steps: dict[str, Any], **fields: Any) -> str:
    answer = deployment.api.call(
        "POST", "/workflows", body=canonical({"workflowId": str(uuid.uuid4()), "steps": steps, **fields})
    )
    assert answer.status == 202, answer.body
    return str(answer.document["workflowId"])


def when(deployment: Deployment, workflow_id: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        answer = deployment.api.call("GET", f"/workflows/{workflow_id}")
        assert answer.status == 200, answer.body
        document: dict[str, Any] = answer.document
        return document if wanted(document) else None

    return deployment.eventually(look, patience=PATIENCE_SECONDS)


def settled(deployment: Deployment, workflow_id: str) -> dict[str, Any]:
    return when(deployment, workflow_id, lambda each: each["status"] != "running")


def delivered(deployment: Deployment, name: str, count: int) -> None:
    """Wait until a receiver has this many webhooks."""
    deployment.eventually(lambda: len(deployment.deliveries(name)) == count or None)


def test_a_workflow_runs_fails_and_goes_on_from_there(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario({"mode": "completed"})
    name, url = data_actions.hook()
    workflow_id = str(uuid.uuid4())
    data_actions.genesys.script(
        {"status": 400, "dialect": "legacy", "executionId": execution_id(workflow_id, "right", None, 1)}
    )
    steps = {
        "top": a_step(),
        "left": a_step(forEach=[1, 2, 3], maxConcurrency=2, inputs={"id": {"$from": "$item"}}),
        "right": a_step(dependsOn=["top"]),
        "bottom": a_step(inputs={"all": {"$from": "left"}, "one": {"$from": "right"}}),
    }
    body: Any = {"workflowId": workflow_id, "steps": steps, "webhookUrl": url}

    planned = data_actions.api.call("POST", "/workflows?dryRun=true", body=canonical(body))
    accepted = data_actions.api.call("POST", "/workflows", body=canonical(body))

    assert (planned.status, planned.document["executions"]) == (200, 6)
    assert accepted.status == 202, accepted.body
    failed = settled(data_actions, workflow_id)
    assert {step: each["status"] for step, each in failed["steps"].items()} == {
        "top": "completed",
        "left": "completed",
        "right": "failed",
        "bottom": "skipped",
    }
    assert failed["status"] == "failed"
    delivered(data_actions, name, 1)  # a retry takes the place of an outcome that nobody has delivered yet
    answer = data_actions.api.call("POST", f"/workflows/{workflow_id}/retry", body=canonical({"from": "right"}))
    assert answer.status == 202, answer.body
    document = when(data_actions, workflow_id, lambda each: each["status"] == "completed")
    assert document["status"] == "completed", document
    assert len(document["steps"]["left"]["result"]) == 3
    execution = data_actions.api.call("GET", f"/executions/{document['steps']['bottom']['executionId']}").document
    assert execution["workflow"] == {"workflowId": workflow_id, "step": "bottom", "index": None}
    delivered(data_actions, name, 2)
    listed = data_actions.api.call("GET", "/workflows?status=completed").document["workflows"]
    assert workflow_id in [each["workflowId"] for each in listed]


def test_an_unknown_step_blocks_until_it_is_resolved(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario({"mode": "queued", "callbacks": {"when": "never"}})
    workflow_id = submitted(data_actions, {"a": a_step(timeout=1), "b": a_step(inputs={"x": {"$from": "a"}})})

    blocked = when(data_actions, workflow_id, lambda each: each["status"] == "blocked")
    data_actions.genesys.patch_scenario({"mode": "completed"})
    resolution: Any = {"status": "completed", "result": {"found": True}}
    answer = data_actions.api.call(
        "POST", f"/executions/{blocked['steps']['a']['executionId']}/resolve", body=canonical(resolution)
    )

    assert answer.status == 200, answer.body
    when(data_actions, workflow_id, lambda each: each["status"] == "completed")
