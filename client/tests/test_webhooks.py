"""A webhook is believed by its signature or not at all; the published library signs here."""

import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from standardwebhooks import Webhook as Published

from actionrelay_client import SettingsError, WebhookError, verify_webhook

KEY, OTHER = "whsec_" + "A" * 43 + "=", "whsec_" + "B" * 43 + "="
BODY = (
    b'{"type":"execution.completed","timestamp":"2026-11-23T19:00:01.250Z","data":{"executionId":"x","result":10.10}}'
)
NOW = datetime(2026, 11, 23, 19, 0, 2, tzinfo=timezone.utc)


def headers(key: str = KEY, body: bytes = BODY, at: datetime = NOW) -> dict[str, str]:
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Published(key).sign("msg_1", at, body.decode()),
    }


def test_what_the_published_library_signs_is_believed() -> None:
    webhook = verify_webhook(headers(), BODY, KEY, clock=NOW.timestamp)
    assert (webhook.webhook_id, webhook.type, webhook.execution.result) == (
        "msg_1",
        "execution.completed",
        Decimal("10.10"),
    )


def test_any_of_two_keys_may_have_signed() -> None:
    assert verify_webhook(headers(OTHER), BODY, [KEY, OTHER], clock=NOW.timestamp).webhook_id == "msg_1"
    both = headers()
    both["Webhook-Signature"] = "v2,? v1,wrong " + both["Webhook-Signature"]
    assert verify_webhook(both, BODY, KEY, clock=NOW.timestamp).webhook_id == "msg_1"


@pytest.mark.parametrize("late", [-301, 301])
def test_an_old_webhook_is_refused(late: int) -> None:
    with pytest.raises(WebhookError):
        verify_webhook(headers(), BODY, KEY, clock=lambda: NOW.timestamp() + late)


@pytest.mark.parametrize("missing", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
@pytest.mark.parametrize("value", [None, "", "v1,", "1e9", "é", "\udc80", "9" * 30])
def test_a_header_that_is_not_right_is_refused(missing: str, value: str | None) -> None:
    given = headers()
    if value is None:
        del given[missing]
    else:
        given[missing] = value
    with pytest.raises(WebhookError):
        verify_webhook(given, BODY, KEY, clock=NOW.timestamp)


def test_another_body_or_key_is_refused() -> None:
    for body, key in ((BODY + b" ", KEY), (BODY, OTHER)):
        with pytest.raises(WebhookError):
            verify_webhook(headers(), body, key, clock=NOW.timestamp)


def test_a_signed_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(WebhookError, match="no JSON object"):
        verify_webhook(headers(body=b"[]"), b"[]", KEY, clock=NOW.timestamp)


@pytest.mark.parametrize("secrets", ["", "whsec_", "whsec_%", []])
def test_a_key_that_is_none_believes_nothing(secrets: list[str] | str) -> None:
    with pytest.raises(SettingsError):
        verify_webhook(headers(), BODY, secrets, clock=NOW.timestamp)


def test_a_workflows_webhook_is_read() -> None:
    body = json.dumps({"type": "workflow.blocked", "data": {"workflowId": "w", "status": "blocked"}}).encode()
    webhook = verify_webhook(headers(body=body), body, KEY, clock=NOW.timestamp)
    assert (webhook.type, webhook.workflow.workflow_id) == ("workflow.blocked", "w")
