"""Three incidents, only through the deployed API: from what an operator sees to the end.

``tests/browser/test_incidents.py`` has them in the console, and more executions in each.
"""

import json
import uuid
from typing import Any

import pytest

from local.api import Answer
from tests.stack.deployment import Deployment
from tests.stack.test_listing import failed, undelivered

DECISIONS = "/executions/decisions"


@pytest.fixture
def action() -> str:
    """An action that no other test uses."""
    return str(uuid.uuid4())


def post(deployment: Deployment, path: str, document: Any) -> Answer:
    return deployment.api.call("POST", path, body=json.dumps(document).encode())


def decided(deployment: Deployment, **decision: Any) -> dict[str, Any]:
    """Count the matches of a decision, make it, and follow it to its end."""
    preview = post(deployment, DECISIONS, {**decision, "dryRun": True})
    assert preview.status == 200, preview.document
    taken = post(deployment, DECISIONS, decision)
    assert (taken.status, taken.document["matched"]) == (202, preview.document["matched"]), taken.document
    where = f"{DECISIONS}/{taken.document['decisionId']}"

    def look() -> dict[str, Any] | None:
        progress: dict[str, Any] = deployment.api.call("GET", where).document
        return progress if progress["status"] == "completed" else None

    return deployment.eventually(look, patience=90)


def test_an_unknown_one_is_decided_with_its_customer_in_view(data_actions: Deployment, action: str) -> None:
    request = data_actions.request(
        actionId=action, timeout=1, inputs={"customerId": "cust_998877"}, actionReferences={"b": ["a"], "a": []}
    )
    data_actions.genesys.patch_scenario({"callbacks": {"when": "never"}})
    data_actions.api.submit(request)
    execution_id = data_actions.when(request["executionId"], lambda each: each["status"] == "unknown", patience=120)[
        "executionId"
    ]

    [found] = data_actions.api.executions({"id": execution_id[:13], "status": "unknown"}).document["executions"]
    shown = data_actions.api.call("GET", f"/executions/{found['executionId']}/request").document
    assert shown["inputs"] == {"customerId": "cust_998877"}
    assert shown["actionReferences"] == {"b": ["a"], "a": []}
    resolution = {"status": "completed", "result": {"total": 1}, "note": "the customer has it"}
    assert post(data_actions, f"/executions/{execution_id}/resolve", resolution).status == 200

    events = [(entry["event"], entry["actor"] is not None) for entry in data_actions.history(execution_id)]
    assert events[-3:] == [("request_read", True), ("resolved", True), ("completed", False)]


def test_failures_of_an_outage_are_retried_together(data_actions: Deployment, action: str) -> None:
    made = [failed(data_actions, actionId=action) for _ in range(10)]
    code = made[0]["error"]["code"]
    data_actions.calm_down()

    progress = decided(
        data_actions,
        decision="retry",
        filter={"errorCode": code, "actionId": action, "from": made[0]["createdAt"]},
        note="the CRM is back",
    )

    assert (progress["matched"], progress["decided"], progress["refused"]) == (10, 10, 0)
    for each in made:
        assert data_actions.ended(each["executionId"], patience=120)["status"] == "completed"
    rerun = next(entry for entry in data_actions.history(made[0]["executionId"]) if entry["event"] == "rerun_requested")
    assert (rerun["decisionId"], rerun["note"]) == (progress["decisionId"], "the CRM is back")
    assert rerun["actor"]


def test_a_mended_receiver_gets_all_that_it_missed(data_actions: Deployment, action: str) -> None:
    given_up = [undelivered(data_actions, actionId=action) for _ in range(3)]
    for each in given_up:
        data_actions.dead_letter(each["executionId"])
    data_actions.calm_down()
    name, url = data_actions.hook()
    data_actions.behave(name, statuses=[503], retryAfter="3600")
    pending = data_actions.run(actionId=action, webhookUrl=url)["executionId"]
    data_actions.eventually(lambda: data_actions.deliveries(name))
    data_actions.behave(name, statuses=[204])

    progress = decided(
        data_actions,
        decision="redeliver",
        filter={"actionId": action, "webhookStatus": "failed,pending", "status": "completed"},
    )

    assert (progress["matched"], progress["decided"]) == (4, 4)
    for execution_id in [pending, *(each["executionId"] for each in given_up)]:
        data_actions.when(execution_id, lambda each: each["webhookStatus"] == "delivered")
    sqs, letters = data_actions.aws("sqs"), data_actions.stack.outputs["DeliveryDlqUrl"]

    def gone() -> bool:
        received = sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10, VisibilityTimeout=0)
        bodies = " ".join(message["Body"] for message in received.get("Messages", ()))
        return not any(each["executionId"] in bodies for each in given_up)

    assert data_actions.eventually(gone)


def test_no_route_of_decisions_is_taken_for_an_execution(data_actions: Deployment) -> None:
    missing = data_actions.api.call("GET", f"{DECISIONS}/{uuid.uuid4()}")
    assert (missing.status, missing.document["code"]) == (404, "decision_not_found")
    empty = post(data_actions, DECISIONS, {"decision": "cancel", "filter": {}})
    assert (empty.status, [each["pointer"] for each in empty.document["errors"]]) == (422, ["/filter"])
    assert data_actions.api.call("GET", f"/executions/{uuid.uuid4()}").document["code"] == "execution_not_found"
