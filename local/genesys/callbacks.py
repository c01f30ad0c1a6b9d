"""Callbacks as plain data: which messages follow from an execution, and how they are signed.

Pure. The signatures are written here from the public rules and share no code with the receiver, so a
mistake on one side cannot hide on the other. Sending is `courier`'s work.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from local.genesys.rules import CallbackRules, Outcome, SignatureScheme, Signing, Tampering

STALE_SECONDS = 3_600
OPPOSITE = {Outcome.COMPLETED: Outcome.FAILED, Outcome.FAILED: Outcome.COMPLETED}


@dataclass(frozen=True)
class Callback:
    """One message to the receiver, to be sent `wait_ms` after its time has come."""

    execution_id: str
    trace_id: str | None
    url: str
    webhook_id: str
    wait_ms: int
    outcome: Outcome
    body: dict[str, Any]


def callback_body(execution_id: str, outcome: Outcome, result: Any, correlation_id: str) -> dict[str, Any]:
    """Return `{executionId, status, result, error}`; a failed one has no result and says why."""
    failed = outcome is Outcome.FAILED
    error = {
        "code": "action.failed",
        "message": "The action ran and reported a failure.",
        "status": 500,
        "correlationId": correlation_id,
    }
    return {
        "executionId": execution_id,
        "status": outcome.value,
        "result": None if failed else result,
        "error": error if failed else None,
    }


def plan_callbacks(
    *,
    execution_id: str,
    trace_id: str | None,
    url: str,
    outcome: Outcome,
    result: Any,
    correlation_id: str,
    rules: CallbackRules,
) -> list[Callback]:
    """Return the messages of one execution in the order of sending: the copies, then the contradiction if
    wanted.
    """

    def message(number: int, webhook_id: str, said: Outcome) -> Callback:
        return Callback(
            execution_id=execution_id,
            trace_id=trace_id,
            url=url,
            webhook_id=webhook_id,
            wait_ms=rules.delay_ms + number * rules.gap_ms,
            outcome=said,
            body=callback_body(execution_id, said, result, correlation_id),
        )

    first = f"msg_{execution_id}"
    copies = [
        message(number, f"{first}_{number}" if rules.fresh_ids else first, outcome) for number in range(rules.copies)
    ]
    if rules.contradict:
        copies.append(message(rules.copies, f"{first}_contradiction", OPPOSITE[outcome]))
    return copies


def signing_key(secret: str) -> bytes:
    """Return the bytes to sign with: those behind `whsec_<base64>`, or the text itself without that
    prefix.
    """
    prefix = "whsec_"
    return base64.b64decode(secret.removeprefix(prefix)) if secret.startswith(prefix) else secret.encode()


def signature_headers(
    signing: Signing, webhook_id: str, sent_at: float, body: bytes, tampering: Tampering = Tampering.NONE
) -> dict[str, str]:
    """Return the signature headers for `body`, spoilt if `tampering` says so (`STALE` and the hub scheme:
    no time).

    `CHANGED_BODY` signs other bytes than those that are sent.
    """
    if tampering is Tampering.UNSIGNED:
        return {}
    keys = [signing_key(secret) for secret in signing.secrets]
    if tampering is Tampering.WRONG_SECRET:
        keys = [b"not the secret that was agreed on"]
    if tampering is Tampering.CHANGED_BODY:
        body = body + b" "
    if signing.scheme is SignatureScheme.STANDARD_WEBHOOKS:
        timestamp = int(sent_at) - (STALE_SECONDS if tampering is Tampering.STALE else 0)
        signed = b".".join((webhook_id.encode(), str(timestamp).encode(), body))
        signature = " ".join(f"v1,{base64.b64encode(_hmac(key, signed)).decode()}" for key in keys)
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }
    else:
        digest = _hmac(keys[0], body)
        hexadecimal = signing.scheme is SignatureScheme.HUB_HEX
        encoded = digest.hex() if hexadecimal else base64.b64encode(digest).decode()
        headers = {"X-Hub-Signature-256": f"sha256={encoded}"}
    if tampering is Tampering.MALFORMED:
        name = next(reversed(headers))
        headers[name] = "v1,%%%"
    return headers


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
