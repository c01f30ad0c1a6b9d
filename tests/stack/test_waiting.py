"""Callers that wait for an execution's end, through the deployed API: by query, by preference, and beyond the limit."""

import json
from concurrent.futures import ThreadPoolExecutor

from local.api import Answer, ApiClient
from tests.stack.deployment import ENDED, Deployment

NEVER = {"callbacks": {"delayMs": 600_000}}
"""A Genesys Cloud whose results arrive after every wait."""
CALLERS = 10
PATIENCE_SECONDS = 180.0
"""Ten functions start at once, each with its own interpreter, on any machine."""
MAY_WAIT = 5
"""Half of a local world's `MaxWaiting`, since all of them are one caller."""


def waits(deployment: Deployment, execution_id: str, seconds: int) -> Answer:
    return deployment.api.call("GET", f"/executions/{execution_id}?wait={seconds}")


def test_a_submission_that_waits_is_answered_with_its_end(data_actions: Deployment) -> None:
    answer = data_actions.api.submit(data_actions.request(), Prefer="wait=20")

    assert (answer.status, answer.document["status"]) == (200, "completed"), answer.body
    assert answer.headers["preference-applied"] == "wait=20"
    assert answer.headers["location"] == f"/v1/executions/{answer.document['executionId']}"
    assert answer.document["result"] is not None


def test_a_read_that_waits_is_answered_with_the_end(data_actions: Deployment) -> None:
    accepted = data_actions.submit()

    answer = waits(data_actions, accepted.document["executionId"], 20)

    assert (answer.status, answer.document["status"]) == (200, "completed"), answer.body


def test_a_wait_that_is_over_says_the_state(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario(NEVER)

    submitted = data_actions.api.submit(data_actions.request(), Prefer="wait=1")
    read = waits(data_actions, submitted.document["executionId"], 1)

    assert submitted.status == 202
    assert "preference-applied" not in submitted.headers
    assert read.status == 200
    assert {submitted.document["status"], read.document["status"]}.isdisjoint(ENDED)


def test_a_wait_out_of_range_is_refused_at_its_place(data_actions: Deployment) -> None:
    answer = data_actions.api.call("GET", f"/executions/{data_actions.request()['executionId']}?wait=21&wiat=3")

    assert answer.status == 422
    assert [fault["pointer"] for fault in answer.document["errors"]] == ["/query/wait", "/query/wiat"]


def test_ten_callers_that_wait_leave_room_for_others(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario(NEVER)
    waited_for = data_actions.submit().document["executionId"]

    with ApiClient(data_actions.stack, PATIENCE_SECONDS) as api, ThreadPoolExecutor(CALLERS) as callers:
        waiting = [callers.submit(api.call, "GET", f"/executions/{waited_for}?wait=10") for _ in range(CALLERS)]
        taken = data_actions.eventually(lambda: _taken(data_actions))
        others = [data_actions.submit().status for _ in range(3)]
        answers = [each.result() for each in waiting]

    assert taken <= MAY_WAIT
    assert others == [202] * 3
    assert [answer.status for answer in answers] == [200] * CALLERS
    assert {answer.document["status"] for answer in answers}.isdisjoint(ENDED)
    assert data_actions.eventually(lambda: _taken(data_actions) == 0)


def _taken(deployment: Deployment) -> int:
    table = deployment.stack.outputs["ExecutionsTableName"]
    key = {"pk": {"S": "wait#slots"}, "sk": {"S": "slots"}}
    item = deployment.aws("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    return len(json.loads(item["slots"]["S"])) if item else 0
