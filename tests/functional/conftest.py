"""Handlers as Lambda calls them, in this process, over a relay whose services are fakes."""

import importlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.webhooks.keys import parse_secret
from actionrelay.webhooks.signatures import StandardWebhooksVerifier
from actionrelay.wiring import telemetry as observability
from tests.corpus import SIGNED_AT, WEBHOOK_SECRET
from tests.fakes.queues import RecordedDeadLetters
from tests.fakes.relay import Relay

STACK = "relay-of-sales"
"""What the template gives as the service: the stack's name."""

WIRED = (
    ("validate", "submit_execution", "submitting"),
    ("validate", "operate_execution", "operating"),
    ("validate", "read_request", "showing_requests"),
    ("validate", "record_rejection", "rejecting"),
    ("execute", "execute_batch", "batching"),
    ("receive_webhook", "receive_result", "receiving"),
    ("deliver", "deliver_webhook", "delivering"),
    ("query", "read_execution", "reading"),
    ("query", "read_history", "recalling"),
    ("query", "read_audit_days", "reading_days"),
    ("query", "list_executions", "listing"),
    ("query", "read_queues", "watching"),
    ("preflight", "run_preflight", "preflighting"),
    ("preflight", "read_receiver_keys", "handing_out_keys"),
    ("export", "export_audit_day", "exporting"),
    ("query", "read_metrics", "measuring"),
    ("query", "serve_console", "console"),
    ("count", "count_changes", "counting"),
)


@dataclass(slots=True)
class FakeContext:
    """What a handler gets from Lambda about its invocation."""

    function_name: str = "under-test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:under-test"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 90_000


@dataclass(slots=True)
class Functions:
    """The handlers over one relay."""

    relay: Relay
    handlers: dict[str, Callable[[dict[str, Any], LambdaContext], dict[str, Any]]] = field(default_factory=dict)
    buried: RecordedDeadLetters = field(default_factory=RecordedDeadLetters)

    def call(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke one; what it returns must survive JSON, as it does on its way out of Lambda."""
        response = self.handlers[function](event, cast("LambdaContext", FakeContext()))
        return cast("dict[str, Any]", json.loads(json.dumps(response)))


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Functions:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", STACK)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "actionrelay")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "INFO")
    monkeypatch.setenv("OPERATOR_KEY_IDS", "")
    for remembered in (observability.logger, observability.metrics, observability.telemetry):
        remembered.cache_clear()
    # The library sets up one logger per service and process, bound to the output of whichever test came first.
    logging.Logger.manager.loggerDict.pop(STACK, None)
    relay = Relay()
    relay.clock.time = SIGNED_AT * 1_000
    functions = Functions(relay)
    for name, wiring, use_case in WIRED:
        app = importlib.import_module(f"functions.{name}.app")
        monkeypatch.setattr(app, wiring, lambda use_case=use_case: getattr(relay, use_case))
        functions.handlers[name] = app.lambda_handler
    for name, letters in (("execute", "execution_dead_letters"), ("deliver", "delivery_dead_letters")):
        monkeypatch.setattr(importlib.import_module(f"functions.{name}.app"), letters, lambda: functions.buried)
    verifier = StandardWebhooksVerifier((parse_secret(WEBHOOK_SECRET),))
    app = importlib.import_module("functions.receive_webhook.app")
    monkeypatch.setattr(app, "receive_result", lambda: replace(relay.receiving, verifier=lambda: verifier))
    return functions
