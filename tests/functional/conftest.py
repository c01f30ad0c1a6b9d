"""Calls handlers as Lambda does, in this process, with a relay whose services are fakes."""

import importlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_type_hints

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.ledger.queues_sqs import SqsDeadLetters
from actionrelay.webhooks.keys import parse_secret
from actionrelay.webhooks.signatures import StandardWebhooksVerifier
from actionrelay.wiring import telemetry as observability
from tests.corpus import SIGNED_AT, WEBHOOK_SECRET
from tests.fakes.queues import RecordedDeadLetters
from tests.fakes.relay import Relay

STACK = "relay-of-sales"
"""The service name that the template sets: the stack's name."""

APPS = {
    path.parent.name: importlib.import_module(f"functions.{path.parent.name}.app")
    for path in sorted(Path(__file__).parents[2].glob("functions/*/app.py"))
}
REAL = {"describe_api"}
"""Parts of a handler that need no service, so they are not replaced."""


def wired(app: ModuleType) -> dict[str, Any]:
    """Return the names and types that a handler imports from its module of `wiring`."""
    made = {name: each for name, each in vars(app).items() if hasattr(each, "cache_clear")}
    return {name: get_type_hints(each)["return"] for name, each in made.items() if name not in REAL}


def fakes() -> dict[Any, str]:
    """Return the names of the relay's use cases by their types."""
    return {
        get_type_hints(each.fget)["return"]: name for name, each in vars(Relay).items() if isinstance(each, property)
    }


@dataclass(slots=True)
class FakeContext:
    """The context that Lambda passes to a handler."""

    function_name: str = "under-test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:under-test"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 90_000


@dataclass(slots=True)
class Functions:
    """The handlers of one relay."""

    relay: Relay
    handlers: dict[str, Callable[[dict[str, Any], LambdaContext], dict[str, Any]]] = field(default_factory=dict)
    buried: RecordedDeadLetters = field(default_factory=RecordedDeadLetters)

    def call(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke a handler; its result must survive JSON, as in Lambda."""
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
    # The library sets up one logger per service and process, bound to the output of the first test.
    logging.Logger.manager.loggerDict.pop(STACK, None)
    relay = Relay()
    relay.clock.time = SIGNED_AT * 1_000
    functions = Functions(relay)
    use_cases = fakes()
    for function, app in APPS.items():
        functions.handlers[function] = app.lambda_handler
        for name, kind in wired(app).items():
            if kind is SqsDeadLetters:
                monkeypatch.setattr(app, name, lambda: functions.buried)
            else:
                monkeypatch.setattr(app, name, lambda use_case=use_cases[kind]: getattr(relay, use_case))
    deliver = importlib.import_module("actionrelay.wiring.deliver")
    monkeypatch.setattr(deliver, "deliver_webhook", lambda: relay.delivering)
    monkeypatch.setattr(deliver, "deliver_workflow", lambda: relay.delivering_workflows)
    verifier = StandardWebhooksVerifier((parse_secret(WEBHOOK_SECRET),))
    monkeypatch.setattr(
        APPS["receive_webhook"], "receive_result", lambda: replace(relay.receiving, verifier=lambda: verifier)
    )
    return functions
