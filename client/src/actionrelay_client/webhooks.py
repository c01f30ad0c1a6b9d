"""Whether a webhook is the deployment's own (Standard Webhooks, https://www.standardwebhooks.com/)."""

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actionrelay_client import json_text
from actionrelay_client.documents import Execution, Workflow
from actionrelay_client.errors import SettingsError, WebhookError
from actionrelay_client.reading import moment

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"


@dataclass(frozen=True)
class Webhook:
    """The content of a webhook."""

    webhook_id: str
    """The same on every try: use it to drop repeats."""
    type: str
    """``execution.completed``, ``execution.failed``, ``execution.unknown``, or a workflow's."""
    timestamp: datetime | None
    data: Mapping[str, Any]

    @property
    def execution(self) -> Execution:
        """The execution that it is about."""
        return Execution.of(self.data)

    @property
    def workflow(self) -> Workflow:
        """The workflow that it is about."""
        return Workflow.of(self.data)


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    secrets: str | Iterable[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    clock: Callable[[], float] = time.time,
) -> Webhook:
    """Verify a webhook and return its content.

    ``headers`` may have names in any case, ``body`` is the raw bytes of the request, ``secrets`` are this receiver's
    keys (``whsec_…``), two of them during a rotation.

    Raises:
        WebhookError: not signed with one of the keys, more than five minutes off, or not JSON.
        SettingsError: a key is malformed, or there is none.
    """
    given = {name.lower(): value for name, value in headers.items()}
    webhook_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    keys = [_key(each) for each in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise SettingsError("no key to verify webhooks with")
    signed = f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    presented = given.get("webhook-signature", "").encode("utf-8", "surrogateescape").split(b" ")
    expected = [b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256")) for key in keys]
    # All are compared, so that the time does not depend on which one matches.
    fits = any([hmac.compare_digest(ours, theirs) for ours in expected for theirs in presented])  # noqa: C419
    if not (webhook_id and fits and _is_recent(timestamp, clock(), tolerance_seconds)):
        raise WebhookError("the webhook is not authentic")
    return _webhook(webhook_id, body)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise SettingsError("a key must be whsec_ and base64")
    return key


def _is_recent(timestamp: str, now: float, tolerance_seconds: float) -> bool:
    return (
        timestamp.isascii()
        and timestamp.isdecimal()
        and len(timestamp) < 12
        and (abs(now - int(timestamp)) <= tolerance_seconds)
    )


def _webhook(webhook_id: str, body: bytes) -> Webhook:
    try:
        document = json_text.read(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise WebhookError("the webhook is signed and no JSON object")
    kind, data = document.get("type"), document.get("data")
    return Webhook(
        webhook_id,
        kind if isinstance(kind, str) else "",
        moment(document.get("timestamp")),
        data if isinstance(data, dict) else {},
    )
