"""Webhooks in and out through the deployed pipeline: repeats, failing and hanging receivers, rotation, redelivery."""

import base64
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
import standardwebhooks

from actionrelay.aws.detail import packed, unpacked
from actionrelay.ids import run_id
from actionrelay.ledger.receiver import without_path
from actionrelay.webhooks.keys import SigningSecret, key_of_receiver, parse_secret
from local.api import Answer
from tests.stack.deployment import Deployment
from tests.unit.docs.receivers import KEYS, RECEIVERS

SINK = "127.0.0.1"
"""The host of the sink in webhook URLs."""

LARGEST = 512_000
SLOWEST_SECONDS = 12.0
"""How long others may wait while receivers hang, which they do for 15 s. Alone they take a fraction of a second; on a
small machine a worker takes its time to start."""


def submitted(deployment: Deployment, url: str) -> str:
    """Submit an execution that completes at once and is delivered to this URL."""
    answer = deployment.submit(webhookUrl=url)
    assert answer.status == 202
    return str(answer.document["executionId"])


def await_delivery(deployment: Deployment, execution_id: str, status: str = "delivered", patience: float = 90) -> None:
    """Wait until the delivery has this status."""
    deployment.when(execution_id, lambda each: each["webhookStatus"] == status, patience=patience)


def tries(deployment: Deployment, execution_id: str) -> list[dict[str, Any]]:
    """Return the audit entries of the tries to deliver."""
    events = {"webhook_retry_planned", "webhook_delivered", "webhook_failed"}
    return [entry for entry in deployment.history(execution_id) if entry["event"] in events]


def hasten(deployment: Deployment, execution_id: str) -> None:
    """Move the next try from minutes or hours ahead to now, and let a message say so."""
    dynamodb, table = deployment.aws("dynamodb"), deployment.stack.outputs["ExecutionsTableName"]
    key = {"pk": {"S": f"execution#{execution_id}"}, "sk": {"S": "ledger"}}
    item = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    detail = unpacked(item["detail"]["B"])
    detail["deliver_at"] = int(time.time() * 1_000)
    dynamodb.put_item(TableName=table, Item={**item, "detail": {"B": packed(detail)}})
    body = json.dumps({"executionId": execution_id})
    deployment.aws("sqs").send_message(QueueUrl=deployment.stack.outputs["DeliveryQueueUrl"], MessageBody=body)


# -- A receiver that fails ------------------------------------------------------------------------------------------


def test_a_receiver_that_recovers_gets_one_delivery_of_one_id(
    data_actions: Deployment,
) -> None:
    name, url = data_actions.hook()
    data_actions.behave(name, statuses=[500, 503, 429, 204])

    execution_id = submitted(data_actions, url)
    for number in (1, 2, 3):
        data_actions.eventually(lambda number=number: len(tries(data_actions, execution_id)) >= number)  # type: ignore[misc]
        hasten(data_actions, execution_id)
    await_delivery(data_actions, execution_id)

    deliveries = data_actions.deliveries(name)
    assert [delivery["status"] for delivery in deliveries] == [500, 503, 429, 204]
    assert {delivery["signature"] for delivery in deliveries} == {"valid"}
    assert len({delivery["webhookId"] for delivery in deliveries}) == 1
    entries = tries(data_actions, execution_id)
    assert [(entry["event"], entry["code"]) for entry in entries] == [
        ("webhook_retry_planned", "http_500"),
        ("webhook_retry_planned", "http_503"),
        ("webhook_retry_planned", "http_429"),
        ("webhook_delivered", "http_204"),
    ]
    assert all(entry["latencyMs"] >= 0 and entry["webhookUrl"] == without_path(url) for entry in entries)


def test_a_redelivery_keeps_the_webhook_id(
    data_actions: Deployment,
) -> None:
    name, url = data_actions.hook()
    data_actions.behave(name, statuses=[410])
    execution_id = submitted(data_actions, url)
    await_delivery(data_actions, execution_id, "failed")
    data_actions.dead_letter(execution_id)
    data_actions.behave(name, statuses=[200])

    again = redeliver(data_actions, execution_id)

    assert (again.status, again.document["webhookStatus"]) == (202, "pending")
    await_delivery(data_actions, execution_id)
    assert len({delivery["webhookId"] for delivery in data_actions.deliveries(name)}) == 1
    asked, delivered = data_actions.history(execution_id)[-2:]
    assert (asked["event"], delivered["event"]) == ("redelivery_requested", "webhook_delivered")
    assert asked["actor"] == data_actions.aws("sts").get_caller_identity()["Arn"]
    assert redeliver(data_actions, str(uuid.uuid4())).status == 404


def test_a_pending_delivery_is_tried_now(data_actions: Deployment) -> None:
    name, url = data_actions.hook()
    data_actions.behave(name, statuses=[500, 500, 204])
    execution_id = submitted(data_actions, url)
    data_actions.eventually(lambda: len(tries(data_actions, execution_id)) >= 2)

    asked = redeliver(data_actions, execution_id)  # the next try would come in five minutes

    assert (asked.status, asked.document["webhookStatus"]) == (202, "pending")
    await_delivery(data_actions, execution_id)
    assert [delivery["status"] for delivery in data_actions.deliveries(name)] == [500, 500, 204]


def redeliver(deployment: Deployment, execution_id: str) -> Answer:
    return deployment.api.call("POST", f"/executions/{execution_id}/webhook/redeliver")


# -- A receiver that hangs ------------------------------------------------------------------------------------------


def test_hanging_receivers_do_not_delay_others(data_actions: Deployment) -> None:
    hanging, stuck_url = data_actions.hook()
    data_actions.behave(hanging, hang=True)
    name, url = data_actions.hook()
    await_delivery(data_actions, submitted(data_actions, url))  # so that only what hangs starts cold

    # On a slow machine the first round may take longer than receivers hang, and show nothing.
    for _ in range(3):
        stuck, others = _beside_each_other(data_actions, hanging, stuck_url, url)
        first_to_end = min(tries(data_actions, execution_id)[0]["timestamp"] for execution_id in stuck)
        histories = [data_actions.history(execution_id) for execution_id in others]
        if any(delivered_at(history) < first_to_end for history in histories):
            break
    else:
        pytest.fail("none was delivered while they hang")
    waits = [waited(history) for history in histories]

    assert max(waits) < SLOWEST_SECONDS
    assert set(Counter(each["webhookId"] for each in data_actions.deliveries(name)).values()) == {1}
    print(f"{len(others)} delivered {max(waits):.2f} s after their end at the latest, {len(stuck)} hanging")  # noqa: T201


def _beside_each_other(deployment: Deployment, hanging: str, stuck_url: str, url: str) -> tuple[list[str], list[str]]:
    """Deliver to some receivers that hang and to others meanwhile; wait for both."""
    before = len(deployment.deliveries(hanging))
    stuck = [submitted(deployment, stuck_url) for _ in range(5)]
    deployment.eventually(lambda: len(deployment.deliveries(hanging)) >= before + len(stuck))
    # More would wait for the rate, 4.5 a second, about as long as receivers hang.
    others = [submitted(deployment, url) for _ in range(6)]
    for execution_id in others:
        await_delivery(deployment, execution_id)
    for execution_id in stuck:
        deployment.eventually(lambda each=execution_id: tries(deployment, each))  # type: ignore[misc]
    return stuck, others


def delivered_at(entries: list[dict[str, Any]]) -> str:
    """Return when an outcome was delivered, ISO 8601."""
    return next(str(entry["timestamp"]) for entry in entries if entry["event"] == "webhook_delivered")


def waited(entries: list[dict[str, Any]]) -> float:
    """Return the seconds between an outcome and its delivery."""
    at = {entry["event"]: datetime.fromisoformat(entry["timestamp"]) for entry in entries}
    return (at["webhook_delivered"] - at["completed"]).total_seconds()


# -- Secrets --------------------------------------------------------------------------------------------------------


@contextmanager
def rotated(deployment: Deployment, *secrets: str) -> Iterator[None]:
    """Replace the signing secrets, for workers that start from now on, and restore the first one."""
    manager = deployment.aws("secretsmanager")
    before = manager.get_secret_value(SecretId="actionrelay/delivery")["SecretString"]
    manager.put_secret_value(SecretId="actionrelay/delivery", SecretString=json.dumps({"secrets": secrets}))
    deployment.make_cold("DeliverFunction")
    try:
        yield
    finally:
        manager.put_secret_value(SecretId="actionrelay/delivery", SecretString=before)
        deployment.make_cold("DeliverFunction")


def test_a_secret_rotation_between_tries_loses_no_receiver(
    data_actions: Deployment,
) -> None:
    name, url = data_actions.hook()
    data_actions.behave(name, statuses=[401, 200])
    old, new = data_actions.stack.delivery_secret, "whsec_" + base64.b64encode(uuid.uuid4().bytes * 2).decode()
    execution_id = submitted(data_actions, url)
    data_actions.eventually(lambda: tries(data_actions, execution_id))

    with rotated(data_actions, new, old):
        hasten(data_actions, execution_id)
        await_delivery(data_actions, execution_id)

    first, second = data_actions.deliveries(name)
    keys = [parse_secret(secret) for secret in (old, new)]
    believed = [[is_authentic(key, delivery) for key in keys] for delivery in (first, second)]
    assert believed == [[True, False], [True, True]]
    assert first["webhookId"] == second["webhookId"]


def is_authentic(secret: SigningSecret, delivery: dict[str, Any]) -> bool:
    """Verify it with the standard's own package, with the sink's key that is derived from this secret."""
    try:
        standardwebhooks.Webhook(key_of_receiver(secret, SINK).text).verify(delivery["body"], delivery["headers"])
    except standardwebhooks.WebhookVerificationError:
        return False
    return True


@pytest.mark.parametrize("language", RECEIVERS)
def test_the_readmes_receiver_believes_a_delivery_alone(data_actions: Deployment, language: str) -> None:
    name, url = data_actions.hook()
    await_delivery(data_actions, submitted(data_actions, url))
    [delivery] = data_actions.deliveries(name)
    headers, body, secret = delivery["headers"], delivery["body"].encode(), data_actions.stack.delivery_secret
    is_ours, derive = RECEIVERS[language], KEYS[language]
    key = derive(secret, SINK)

    assert is_ours(headers, body, [key])
    assert not is_ours(headers, body.replace(b"completed", b"failed"), [key])
    assert not is_ours(headers | {"webhook-id": "another"}, body, [key])
    assert not is_ours(headers, body, [secret, derive(secret, "another.example.com")])
    assert not is_ours(headers, body, [data_actions.stack.webhook_secret])


# -- What Genesys Cloud sends ---------------------------------------------------------------------------------------


def test_a_webhook_id_is_good_for_one_content(
    data_actions: Deployment,
) -> None:
    name, url = data_actions.hook()
    data_actions.genesys.patch_scenario({"callbacks": {"when": "never"}})
    execution_id = submitted(data_actions, url)
    data_actions.when(execution_id, lambda execution: execution["status"] == "awaiting_webhook")
    webhook_id = f"msg_{uuid.uuid4().hex}"
    result = {"executionId": execution_id, "status": "completed", "result": {"total": 1}}

    first = report(data_actions, webhook_id, result)
    await_delivery(data_actions, execution_id)
    repeats = [report(data_actions, webhook_id, {**result, "try": number}) for number in (2, 3)]
    other = report(data_actions, webhook_id, {**result, "status": "failed"})

    assert [answer.status for answer in (first, *repeats)] == [200, 200, 200]
    assert (other.status, other.document["code"]) == (409, "webhook_conflict")
    assert len(data_actions.deliveries(name)) == 1
    events = [entry["event"] for entry in data_actions.history(execution_id)]
    assert (events.count("completed"), events.count("webhook_conflict")) == (1, 1)


def test_a_failure_webhook_repeated_after_a_retry_is_ignored(
    data_actions: Deployment,
) -> None:
    data_actions.genesys.patch_scenario({"callbacks": {"when": "never"}})
    execution_id = str(data_actions.submit().document["executionId"])
    data_actions.when(execution_id, lambda execution: execution["status"] == "awaiting_webhook")
    failed = {"executionId": execution_id, "status": "failed", "error": "no"}
    webhook_id = f"msg_{uuid.uuid4().hex}"
    assert report(data_actions, webhook_id, failed).status == 200

    assert data_actions.api.call("POST", f"/executions/{execution_id}/retry").status == 202
    stale = report(data_actions, webhook_id, failed)

    assert (stale.status, stale.document["status"] in {"queued", "running", "awaiting_webhook"}) == (200, True)
    # The other run went out under an id of its own, which its webhook names.
    result = {"executionId": run_id(execution_id, 2), "status": "completed", "result": {"total": 1}}
    assert report(data_actions, f"msg_{uuid.uuid4().hex}", result).status == 200
    assert data_actions.ended(execution_id)["status"] == "completed"


def test_a_webhook_may_be_larger_than_a_request(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario({"callbacks": {"when": "never"}})
    execution_id = str(data_actions.submit().document["executionId"])
    document = {"executionId": execution_id, "status": "completed", "result": "x" * 2 * LARGEST}

    assert data_actions.report(document).status == 200
    assert data_actions.ended(execution_id)["result"] == document["result"]


def report(deployment: Deployment, webhook_id: str, document: dict[str, Any]) -> Answer:
    """Send a webhook under an id, as Genesys Cloud does, repeats included."""
    body = json.dumps(document).encode()
    return deployment.post_unsigned("/webhooks/genesys", body, deployment.signature(body, webhook_id))
