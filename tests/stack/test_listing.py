"""The list of executions and the queues, through the deployed API: real tables, real indexes, real roles."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stack.deployment import ACTION, Deployment


def listed(deployment: Deployment, **query: str) -> list[dict[str, Any]]:
    """All pages of a list; ``from_`` is ``from``."""
    found: list[dict[str, Any]] = []
    asked = {name.rstrip("_"): value for name, value in query.items()}
    while True:
        answer = deployment.api.executions(asked)
        assert answer.status == 200, answer.body
        found += answer.document["executions"]
        if answer.document["next"] is None:
            return found
        asked["next"] = answer.document["next"]


def ids(executions: list[dict[str, Any]]) -> list[str]:
    return [each["executionId"] for each in executions]


def cancelled(deployment: Deployment, **fields: Any) -> dict[str, Any]:
    request = deployment.request(**fields)
    deployment.genesys.script({"status": 429, "retryAfter": 5, "executionId": request["executionId"]})
    deployment.api.submit(request)
    deployment.when(request["executionId"], lambda each: each["attempts"] == 1)
    answer = deployment.api.call("POST", f"/executions/{request['executionId']}/cancel")
    assert answer.status == 200, answer.body
    document: dict[str, Any] = answer.document
    return document


def failed(deployment: Deployment, **fields: Any) -> dict[str, Any]:
    request = deployment.request(**fields)
    deployment.genesys.script({"status": 400, "dialect": "legacy", "executionId": request["executionId"]})
    deployment.api.submit(request)
    return deployment.ended(request["executionId"])


def undelivered(deployment: Deployment, **fields: Any) -> dict[str, Any]:
    name, url = deployment.hook()
    deployment.behave(name, statuses=[410])
    execution_id = deployment.submit(webhookUrl=url, **fields).document["executionId"]
    return deployment.when(execution_id, lambda each: each["webhookStatus"] == "failed")


@pytest.fixture(scope="module")
def action() -> str:
    """An action that no other test uses."""
    return str(uuid.uuid4())


@pytest.fixture(scope="module")
def trace() -> str:
    return str(uuid.uuid4())


@pytest.fixture(scope="module")
def made(data_actions: Deployment, action: str, trace: str) -> list[dict[str, Any]]:
    """Ended executions of that action, oldest first."""
    data_actions.calm_down()
    return [
        data_actions.run(actionId=action),
        failed(data_actions, actionId=action),
        cancelled(data_actions, actionId=action),
        undelivered(data_actions, actionId=action),
        data_actions.run(actionId=action, traceId=trace),
        failed(data_actions, actionId=action, traceId=trace),
    ]


def test_a_list_by_action_is_newest_first(data_actions: Deployment, made: list[dict[str, Any]], action: str) -> None:
    expected = [{name: value for name, value in each.items() if name != "result"} for each in reversed(made)]
    assert listed(data_actions, actionId=action.upper()) == expected


def test_a_list_of_all_is_newest_first(data_actions: Deployment, made: list[dict[str, Any]]) -> None:
    one = data_actions.run()
    page = data_actions.api.executions({"limit": "100"}).document["executions"]
    places = [(each["createdAt"], each["executionId"]) for each in page]
    assert places == sorted(places, reverse=True)
    assert page[0]["executionId"] == one["executionId"]
    assert set(ids(made)) <= set(ids(page))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("completed", [4, 3, 0]),
        ("failed", [5, 1]),
        ("cancelled", [2]),
        ("failed,cancelled", [5, 2, 1]),
        ("failed,completed", [5, 4, 3, 1, 0]),
        ("queued,running,awaiting_webhook", []),
    ],
)
def test_a_list_by_status_holds_that_status_alone(
    data_actions: Deployment, made: list[dict[str, Any]], action: str, status: str, expected: list[int]
) -> None:
    found = listed(data_actions, status=status, actionId=action)
    assert ids(found) == [made[number]["executionId"] for number in expected]


def test_a_list_by_trace_id_finds_given_and_made_up_ids(
    data_actions: Deployment, made: list[dict[str, Any]], trace: str
) -> None:
    assert ids(listed(data_actions, traceId=trace)) == [made[5]["executionId"], made[4]["executionId"]]
    assert ids(listed(data_actions, traceId=trace, status="failed")) == [made[5]["executionId"]]
    assert made[0]["traceId"] == made[0]["executionId"]
    assert ids(listed(data_actions, traceId=made[0]["traceId"])) == [made[0]["executionId"]]


def test_a_given_up_delivery_is_listed_until_it_is_redone(
    data_actions: Deployment, action: str, made: list[dict[str, Any]]
) -> None:
    assert ids(listed(data_actions, webhookStatus="failed", actionId=action)) == [made[3]["executionId"]]
    again = undelivered(data_actions)["executionId"]
    assert again in ids(listed(data_actions, webhookStatus="failed"))
    data_actions.calm_down()
    assert data_actions.api.call("POST", f"/executions/{again}/webhook/redeliver").status == 202
    data_actions.when(again, lambda each: each["webhookStatus"] != "failed")
    assert again not in ids(listed(data_actions, webhookStatus="failed"))


def test_a_time_range_includes_its_start_and_not_its_end(
    data_actions: Deployment, made: list[dict[str, Any]], action: str
) -> None:
    begin, end = made[1]["createdAt"], made[4]["createdAt"]
    found = listed(data_actions, actionId=action, from_=begin, to=end)
    assert ids(found) == ids(list(reversed(made[1:4])))
    a_day_later = (datetime.fromisoformat(made[5]["createdAt"]) + timedelta(days=1)).isoformat()
    assert listed(data_actions, actionId=action, from_=a_day_later) == []
    assert len(listed(data_actions, actionId=action, to=a_day_later)) == len(made)


@pytest.mark.parametrize("limit", ["1", "4"])
def test_pages_turned_while_more_arrive_are_complete(
    data_actions: Deployment, made: list[dict[str, Any]], limit: str
) -> None:
    begin = made[0]["createdAt"]
    everything = ids(listed(data_actions, from_=begin))
    shown: list[str] = []
    asked = {"from": begin, "limit": limit}
    while True:
        page = data_actions.api.executions(asked).document
        shown += ids(page["executions"])
        if page["next"] is None:
            break
        asked["next"] = page["next"]
        if len(shown) == int(limit):
            data_actions.run(actionId=ACTION)
    assert shown == everything


def test_a_failed_execution_that_runs_again_is_no_longer_listed(
    data_actions: Deployment,
) -> None:
    execution_id = failed(data_actions)["executionId"]
    assert execution_id in ids(listed(data_actions, status="failed"))
    assert data_actions.api.call("POST", f"/executions/{execution_id}/retry").status == 202
    data_actions.ended(execution_id)
    data_actions.when(execution_id, lambda each: each["status"] == "completed")
    assert execution_id not in ids(listed(data_actions, status="failed"))


def test_given_faults_when_listed_then_all_are_named_at_once(data_actions: Deployment) -> None:
    answer = data_actions.api.executions({"status": "done", "limit": "0", "from": "2026-02-30", "next": "abcd"})
    assert (answer.status, answer.document["code"]) == (422, "invalid_request")
    assert [(fault["pointer"], fault["code"]) for fault in answer.document["errors"]] == [
        ("/query/status", "schema"),
        ("/query/from", "moment"),
        ("/query/limit", "schema"),
        ("/query/next", "cursor"),
    ]


def test_waiting_executions_and_dead_letters_are_counted(
    data_actions: Deployment,
) -> None:
    before = queues(data_actions)
    request = data_actions.request()
    data_actions.genesys.script({"status": 429, "retryAfter": 4, "executionId": request["executionId"]})
    data_actions.api.submit(request)
    data_actions.when(request["executionId"], lambda each: each["attempts"] == 1)

    def paused() -> dict[str, Any] | None:
        document: dict[str, Any] = data_actions.api.call("GET", "/queues").document
        waits = document["queues"][0]["waiting"] + document["queues"][0]["delayed"] > 0
        return document if waits and document["rateGate"]["pausedUntil"] else None

    assert data_actions.eventually(paused)["rateGate"]["requestsPerMinute"] == 270
    undelivered(data_actions)
    data_actions.eventually(lambda: queues(data_actions)["deliveries"] == before["deliveries"] + 1)
    data_actions.ended(request["executionId"])
    data_actions.eventually(lambda: data_actions.api.call("GET", "/queues").document["rateGate"]["pausedUntil"] is None)


def queues(deployment: Deployment) -> dict[str, int]:
    """The dead letters of each queue."""
    answer = deployment.api.call("GET", "/queues")
    assert answer.status == 200, answer.body
    return {each["name"]: each["deadLetters"] for each in answer.document["queues"]}
