"""Every failure of webhooks, incoming and outgoing, with marked signatures, keys and results."""

import json
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest

from actionrelay.aws.secret import NamedSecret
from actionrelay.boundary.request import read_request
from actionrelay.strict_json import parse
from actionrelay.webhooks.keys import parse_secret, parse_secrets
from actionrelay.webhooks.sender_http import PinnedSender
from actionrelay.webhooks.signatures import HubSignatureVerifier, StandardWebhooksVerifier, Verifier
from actionrelay.webhooks.targets import OutboundPolicy
from actionrelay.wiring import telemetry as observability
from actionrelay.wiring.signing import signing_secrets
from tests.fakes.answers import raw
from tests.fakes.aws import FakeSecrets
from tests.fakes.chance import NOON
from tests.fakes.loopback import LoopbackServer, Script, resetting, saying
from tests.fakes.marked import look_at
from tests.fakes.marks import EVERYTHING, RESULT, SIGNATURE, SIGNING_KEY, Captured, failing
from tests.fakes.relay import EXECUTION_ID, Relay
from tests.fakes.webhooks import FixedResolver

# -- Webhooks --


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "m", "webhook-timestamp": str(NOON // 1_000), "webhook-signature": f"v1,{SIGNATURE}"},
        {"webhook-id": "m", "webhook-timestamp": SIGNATURE, "webhook-signature": SIGNATURE},
        {"webhook-id": SIGNATURE, "webhook-timestamp": "1", "webhook-signature": f"v1,{SIGNATURE}"},
        {"X-Hub-Signature-256": f"sha256={SIGNATURE}"},
        {"X-Hub-Signature-256": SIGNATURE},
    ],
)
def test_a_refused_webhook_leaks_no_signature_or_body(captured: Captured, headers: dict[str, str]) -> None:
    relay = Relay()
    body = json.dumps({"executionId": EXECUTION_ID, "status": "completed", "result": RESULT}).encode()
    secret = parse_secret(SIGNING_KEY)
    verifiers: tuple[Verifier, ...] = (StandardWebhooksVerifier((secret,)), HubSignatureVerifier((secret,)))
    for verifier in verifiers:
        captured.thing(verifier)
        receiving = replace(relay.receiving, verifier=partial(_itself, verifier))
        with failing(captured):
            receiving.receive({name.lower(): [value] for name, value in headers.items()}, body)
    request = read_request({"headers": headers, "body": body.decode()})
    captured.thing(request)


@pytest.mark.parametrize(
    "document",
    [
        {"status": RESULT, "result": RESULT},
        {"status": "completed", "result": RESULT, "error": [RESULT]},
        {"status": "failed", "error": {"code": [RESULT], "message": RESULT, "status": RESULT}},
        {"status": "failed", "result": RESULT},
        [RESULT],
    ],
)
def test_a_refused_authentic_webhook_leaks_no_content(captured: Captured, document: Any) -> None:
    relay = Relay()
    relay.telemetry = cast(Any, observability.telemetry())
    relay.given_completed({"another": "result"})
    if isinstance(document, dict):
        document = {"executionId": EXECUTION_ID, **document}
    with failing(captured):
        relay.receive(**document) if isinstance(document, dict) else parse(json.dumps(document).encode() + b"x")
    look_at(relay, captured)


@pytest.mark.parametrize(
    "text",
    [
        SIGNING_KEY + "é\ud800",
        f"whsec_{SIGNING_KEY}!",
        f'{{"secrets":["whsk_{SIGNING_KEY}"]}}',
        f'["{SIGNING_KEY}"',
        f'{{"secrets":{{"a":"{SIGNING_KEY}"}}}}',
    ],
)
def test_a_signing_secret_of_another_form_is_not_shown(captured: Captured, text: str) -> None:
    with failing(captured, always=False):
        captured.thing(parse_secrets(text))
    fake = FakeSecrets(values={"webhook": text})
    with failing(captured, always=False):
        captured.thing(signing_secrets(NamedSecret(cast(Any, fake), "webhook")))


RECEIVERS: dict[str, Script] = {
    "500": saying(raw(500, EVERYTHING.encode(), {"X-Echo": EVERYTHING})),
    "no status line": saying(f"{EVERYTHING}\r\n\r\n".encode()),
    "a status of no number": saying(f"HTTP/1.1 {EVERYTHING}\r\n\r\n".encode()),
    "a long header": saying(raw(200, b"", {"X-Long": EVERYTHING * 1_000})),
    "reset": resetting,
    "nothing": saying(b""),
}


@pytest.mark.parametrize("name", RECEIVERS)
def test_a_failing_receiver_leaks_nothing(captured: Captured, name: str) -> None:
    with LoopbackServer(RECEIVERS[name]) as server:
        relay = Relay()
        relay.telemetry = cast(Any, observability.telemetry())
        url = f"{server.url}/done"
        relay.given_completed({"a": RESULT}, webhook_url=url)
        sender = PinnedSender(FixedResolver({"127.0.0.1": ("127.0.0.1",)}), OutboundPolicy(allow_private=True), 2)
        relay.sender = cast(Any, sender)
        secret = parse_secret(SIGNING_KEY)
        replace(relay.delivering, posting=replace(relay.posting, secrets=lambda: (secret,))).deliver(EXECUTION_ID)
        with failing(captured, always=False):
            captured.thing(sender.send(url, {"webhook-signature": SIGNATURE}, RESULT.encode()))
    look_at(relay, captured)


def _itself(verifier: Verifier) -> Verifier:
    return verifier
