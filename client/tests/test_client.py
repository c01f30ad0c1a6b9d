"""Each method of the client, against a deployment that keeps the contract."""

import json
import uuid
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from actionrelay_client import (
    Client,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    NotServedError,
    UnavailableError,
    UnsendableError,
    WaitTimeoutError,
    WrongStateError,
)
from actionrelay_client.settings import Settings
from actionrelay_client.signing import KeySigner
from actionrelay_client.transport import Answer, Transport
from fake_relay import API_KEY, FakeRelay
from fake_time import Time

ACTION = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"


def body(relay: FakeRelay, number: int = -1) -> dict[str, object]:
    document: dict[str, object] = json.loads(relay.seen[number][3])
    return document


def test_a_submission_has_an_id_before_it_is_sent(relay: FakeRelay, client: Client) -> None:
    accepted = client.submit(ACTION, {"a": 1})
    assert uuid.UUID(str(body(relay)["executionId"])) == uuid.UUID(accepted.execution_id)


def test_what_is_none_is_left_out_of_a_submission(relay: FakeRelay, client: Client) -> None:
    execution_id = str(uuid.uuid4())
    client.submit(ACTION, {"a": None}, execution_id=execution_id, timeout_ms=1000, lane="bulk", cache_results=False)
    assert body(relay) == {
        "actionId": ACTION,
        "inputs": {"a": None},
        "executionId": execution_id,
        "timeout": 1000,
        "cacheResults": False,
        "lane": "bulk",
    }


def test_an_execution_that_ended_is_read_whole(relay: FakeRelay, client: Client) -> None:
    done = client.run(ACTION, {"a": 1})
    assert (done.status, done.ended, done.result) == ("completed", True, {"echo": {"a": 1}})
    assert done.created_at is not None
    assert done.created_at.tzinfo == timezone.utc
    assert done.more == {"newerField": {"kept": True}}


@pytest.mark.parametrize("text", ["10.10", "9007199254740993", "12345678901234567.891", "1", "-0.5", "1E+2"])
def test_numbers_come_as_they_are_and_go_as_they_came(relay: FakeRelay, client: Client, text: str) -> None:
    relay.result = lambda inputs: text
    result = client.run(ACTION, {}).result
    assert str(result) == text
    assert type(result) is (int if text.isdecimal() else Decimal)
    client.submit(ACTION, {"n": result})
    assert f'"n":{text}}}'.encode() in relay.seen[-1][3]


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        Decimal("Infinity"),
        {(1, 2): 2},
        {"a": Decimal(1), (1, 2): 2},
        date(2026, 1, 1),
        "\ud800",
        [Decimal("NaN")],
    ],
)
def test_what_is_no_json_is_not_sent(relay: FakeRelay, client: Client, value: object) -> None:
    with pytest.raises(UnsendableError):
        client.submit(ACTION, {"a": value})
    assert relay.seen == []


def test_run_waits_until_it_has_ended(relay: FakeRelay, client: Client) -> None:
    relay.delay = 0.2
    done = client.run(ACTION, {})
    assert done.ended
    assert [headers.get("prefer") for _, _, headers, _ in relay.seen] == ["wait=20"]


@pytest.mark.parametrize(("seconds", "preferred"), [(None, "wait=20"), (60, "wait=20"), (7.5, "wait=7"), (0.5, None)])
def test_run_waits_no_longer_than_it_may(
    relay: FakeRelay, client: Client, seconds: float | None, preferred: str | None
) -> None:
    client.run(ACTION, {}, seconds=seconds)
    assert relay.seen[0][2].get("prefer") == preferred


ANSWER_SECONDS = 0.125


class Waits(Transport):
    """A deployment on which nothing ends; it waits as long as it is asked to, by the fake clock."""

    def __init__(self, time_: Time) -> None:
        super().__init__("https://relay.test", KeySigner(API_KEY), monotonic=time_.monotonic, sleep=time_.sleep)
        self.time = time_
        self.asked: list[str] = []

    def send(self, method: str, path: str, **how: Any) -> Answer:
        preferred = (how.get("headers") or {}).get("Prefer", "wait=0").removeprefix("wait=")
        asked = (how.get("query") or {}).get("wait") or preferred
        self.asked.append(method)
        self.time.sleep(ANSWER_SECONDS + float(asked))
        return Answer(200, {}, {"executionId": "e", "workflowId": "w", "status": "running"})


@pytest.mark.parametrize("seconds", [0, 0.5, 3, 19.5, 20, 21, 90])
def test_run_waits_for_all_of_it_no_longer_than_it_may(time_: Time, seconds: float) -> None:
    deployment = Waits(time_)
    client = Client(settings=Settings(deployment.url, api_key=API_KEY), transport=deployment)
    with pytest.raises(WaitTimeoutError, match=f"e is running after {seconds:g} s") as over:
        client.run(ACTION, {}, seconds=seconds)
    assert over.value.execution.status == "running"
    assert seconds <= time_.now - 1_000 <= seconds + ANSWER_SECONDS * len(deployment.asked)
    assert deployment.asked[0] == "POST"
    assert len(deployment.asked) <= 3 + seconds / 10


@pytest.mark.parametrize("seconds", [0, 0.5, 3.25])
def test_a_workflow_is_waited_for_no_longer_than_it_may(time_: Time, seconds: float) -> None:
    deployment = Waits(time_)
    client = Client(settings=Settings(deployment.url, api_key=API_KEY), transport=deployment)
    with pytest.raises(WaitTimeoutError, match=f"w is running after {seconds:g} s"):
        client.wait_workflow("w", seconds=seconds)
    assert seconds <= time_.now - 1_000 <= seconds + 2 * ANSWER_SECONDS


def test_a_wait_asks_the_api_to_wait(relay: FakeRelay, client: Client) -> None:
    relay.delay = 0.2
    accepted = client.submit(ACTION, {})
    assert client.wait(accepted.execution_id).status == "completed"
    assert [target.partition("?")[2] for _, target, _, _ in relay.seen[1:]] == ["wait=20"]


def test_a_wait_works_where_the_api_can_not_wait(relay: FakeRelay, client: Client) -> None:
    relay.waits = False
    relay.delay = 0.1
    accepted = client.submit(ACTION, {})
    assert client.wait(accepted.execution_id).status == "completed"


def test_a_wait_without_a_slot_asks_once_a_second(relay: FakeRelay, client: Client) -> None:
    relay.delay = 60
    relay.slots = False
    accepted = client.submit(ACTION, {})
    with pytest.raises(WaitTimeoutError):
        client.wait(accepted.execution_id, seconds=5)
    assert len(relay.seen) <= 1 + 5 + 2


def test_a_wait_ends_with_the_state_when_time_is_over(relay: FakeRelay, client: Client) -> None:
    relay.delay = 60
    relay.waits = False
    accepted = client.submit(ACTION, {})
    with pytest.raises(WaitTimeoutError) as over:
        client.wait(accepted.execution_id, seconds=3)
    assert over.value.execution.status == "queued"


def test_a_list_reads_all_its_pages(relay: FakeRelay, client: Client) -> None:
    ids = [client.submit(ACTION, {"n": n}).execution_id for n in range(7)]
    client.submit("other", {})
    listed = list(client.list(action_id=ACTION, status=["completed", "failed"], page_size=3))
    assert [each.execution_id for each in listed] == ids[::-1]
    assert len([1 for _, target, _, _ in relay.seen if "limit=3" in target]) == 3


def test_times_are_written_as_the_api_reads_them(relay: FakeRelay, client: Client) -> None:
    list(client.list(from_=date(2026, 11, 24), to=datetime(2026, 11, 25, 13, tzinfo=timezone.utc)))
    assert relay.seen[-1][1].endswith("?from=2026-11-24&to=2026-11-25T13%3A00%3A00%2B00%3A00")


def test_a_trail_is_read_and_verified(relay: FakeRelay, client: Client) -> None:
    accepted = client.submit(ACTION, {})
    trail = client.audit(accepted.execution_id, verify=True)
    assert trail.entries[0].event == "accepted"
    assert trail.verification is not None
    assert trail.verification.intact


def test_what_an_operator_decides(relay: FakeRelay, client: Client) -> None:
    failed = client.submit(ACTION, {"outcome": "failed"}).execution_id
    unknown = client.submit(ACTION, {"outcome": "unknown"}).execution_id
    assert client.acknowledge(failed, note="seen").status == "failed"
    assert client.retry(failed).execution_id == failed
    assert client.resolve(unknown, "completed", result={"found": Decimal("1.10")}, note="in the CRM").ended
    assert b'"result":{"found":1.10}' in relay.seen[-1][3]
    assert client.redeliver(client.submit(ACTION, {}).execution_id).ended
    relay.delay = 60
    assert client.cancel(client.submit(ACTION, {}).execution_id).status == "cancelled"


def test_a_wrong_state_says_what_is_allowed(client: Client) -> None:
    done = client.submit(ACTION, {})
    with pytest.raises(WrongStateError) as refused:
        client.retry(done.execution_id)
    assert refused.value.allowed == ("redeliver",)
    assert (refused.value.code, refused.value.status) == ("wrong_state", 409)


def test_a_decision_whose_answer_was_lost_is_found_made(relay: FakeRelay, client: Client) -> None:
    unknown = client.submit(ACTION, {"outcome": "unknown"}).execution_id
    relay.trouble("POST", f"/executions/{unknown}/resolve", lose="after")
    assert client.resolve(unknown, "completed").status == "completed"
    assert len(relay.records[unknown].decided) == 1


def test_a_retry_whose_answer_was_lost_is_not_sent_again(relay: FakeRelay, client: Client) -> None:
    failed = client.submit(ACTION, {"outcome": "failed"}).execution_id
    relay.trouble("POST", f"/executions/{failed}/retry", status=503, code="store_unavailable")
    with pytest.raises(UnavailableError):
        client.retry(failed)
    relay.trouble("POST", f"/executions/{failed}/retry", status=503, code="queue_unavailable", retry_after="1")
    assert client.retry(failed).attempts == 2


def test_a_batch_says_what_became_of_each(relay: FakeRelay, client: Client) -> None:
    executions = [{"actionId": ACTION, "inputs": {}}, {"actionId": ACTION, "inputs": {"outcome": "invalid"}}]
    batch = client.batch(executions)
    assert (batch.accepted, batch.rejected) == (1, 1)
    assert [each.status for each in batch.results] == [202, 422]
    assert [each.status for each in client.batch(executions, batch_id=batch.batch_id).results] == [200, 422]
    assert [each.problem is None for each in batch.results] == [True, False]
    assert str(uuid.UUID(batch.batch_id)) == batch.batch_id


def test_a_workflow_is_submitted_and_waited_for(relay: FakeRelay, client: Client) -> None:
    steps = {"a": {"actionId": ACTION, "inputs": {}}, "b": {"actionId": ACTION, "inputs": {}, "dependsOn": ["a"]}}
    submitted = client.workflow(steps, on_failure="stop")
    assert body(relay)["onFailure"] == "stop"
    found = client.wait_workflow(submitted.workflow_id)
    assert (found.status, found.steps["b"].depends_on) == ("completed", ("a",))
    assert [each.workflow_id for each in client.list_workflows()] == [submitted.workflow_id]
    assert client.dry_run_workflow({"steps": steps})["executions"] == 1
    assert client.retry_workflow(submitted.workflow_id, from_step="a").status == "running"
    assert client.cancel_workflow(submitted.workflow_id).status == "cancelled"


def test_the_deployment_is_asked(relay: FakeRelay, client: Client) -> None:
    relay.actions = {"custom_-_1": {"actionId": "custom_-_1", "name": "Find", "inputs": [{"name": "id"}]}}
    client.submit(ACTION, {})
    metrics = client.metrics(from_="2026-11-01")
    assert (metrics.total_executions, metrics.success_rate) == (1, 0.995)
    assert [each.name for each in client.actions(name="Find")] == ["Find"]
    assert client.action("custom_-_1").more == {"inputs": [{"name": "id"}]}
    assert client.health().status == "ok"
    assert "rateGate" in client.queues()
    assert client.attention()["unknown"] == {"executions": [], "next": None}


def test_a_deployment_without_a_catalogue_says_so(relay: FakeRelay, client: Client) -> None:
    relay.serves = ("/executions",)
    with pytest.raises(NotServedError, match="nothing is served under this path"):
        list(client.actions())


def test_a_dry_run_returns_the_normalised_request(relay: FakeRelay, client: Client) -> None:
    assert client.dry_run(ACTION, {"a": 1})["timeout"] == 60000
    assert relay.records == {}


def test_every_fault_of_a_request_is_in_the_error(client: Client) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        client.submit(ACTION, {"outcome": "invalid"})
    assert [fault.pointer for fault in refused.value.errors] == ["/inputs/outcome"]
    assert refused.value.trace_id == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert "/inputs/outcome" in str(refused.value)


def test_other_content_under_the_same_id_is_a_conflict(client: Client) -> None:
    done = client.submit(ACTION, {"a": 1})
    with pytest.raises(ConflictError):
        client.submit(ACTION, {"a": 2}, execution_id=done.execution_id)


@pytest.mark.parametrize("execution_id", ["../metrics", "a/b", "x?wait=1", "é", " "])
def test_no_id_leads_elsewhere(relay: FakeRelay, client: Client, execution_id: str) -> None:
    with pytest.raises(NotFoundError):
        client.get(execution_id)


def test_an_unknown_option_is_a_type_error(client: Client) -> None:
    with pytest.raises(TypeError, match="no such option: timeot"):
        client.dry_run(ACTION, {}, timeot=3)
