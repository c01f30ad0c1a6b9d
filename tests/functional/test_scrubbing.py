"""Every handler, with marked secrets in its event and in failures of services: none is in an answer, log or metric."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.corpus import EVENTS
from tests.fakes.marks import EVERYTHING, INPUT, RESULT, SIGNATURE, TOKEN, Captured
from tests.functional.conftest import Functions


def _event(function: str, name: str, **changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / function / f"{name}.json").read_text(encoding="utf-8"))
    return event | changes


def _marked(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with marks in everything that a caller can set."""
    if "Records" in event:
        records = [record | {"attributes": {"a": EVERYTHING}} for record in event["Records"]]
        return event | {"Records": records}
    headers = (event.get("headers") or {}) | {
        "Authorization": TOKEN,
        "x-api-key": TOKEN,
        "webhook-signature": f"v1,{SIGNATURE}",
        "X-Hub-Signature-256": f"sha256={SIGNATURE}",
    }
    return event | {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}


BODIES = [
    json.dumps({"actionId": INPUT, "inputs": INPUT, "timeout": INPUT, "webhookUrl": f"https://user:{INPUT}@host/"}),
    json.dumps({"actionId": "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e", "inputs": {"a": INPUT}}),
    f'{{"inputs":{{"a":"{INPUT}","a":"{INPUT}"}}}}',
    json.dumps({"executionId": "e", "status": RESULT, "result": RESULT, "error": RESULT}),
    json.dumps({"status": RESULT, "result": RESULT, "note": [RESULT]}),
    EVERYTHING,
]
CALLS: list[tuple[str, dict[str, Any]]] = [
    *(("validate", _event("validate", "accepted", body=body)) for body in BODIES),
    *(("validate", _event("validate", "resolve_invalid", body=body)) for body in BODIES),
    *(("receive_webhook", _event("receive_webhook", "completed", body=body)) for body in BODIES),
    ("execute", _event("execute", "unknown_execution")),
    ("deliver", _event("deliver", "unknown_execution")),
    *(("query", _event("query", name)) for name in ("execution_not_found", "audit_not_found")),
    *(("preflight", _event("preflight", name)) for name in ("preflight", "health")),
]
FAILING = {
    "nothing": (),
    "the store": ("create", "load", "save"),
}


@pytest.fixture
def captured(
    functions: Functions, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Captured]:
    """Collect what a test emits, and search it for marks at the end."""
    seen = Captured()
    yield seen
    printed = capsys.readouterr()
    seen.text("standard output", printed.out)
    seen.text("standard error", printed.err)
    seen.text("log records", "\n".join(repr(vars(record)) for record in caplog.records))
    assert seen.leaks() == []


@pytest.mark.parametrize("fails", FAILING)
@pytest.mark.parametrize(("function", "event"), CALLS, ids=[f"{function}-{n}" for n, (function, _) in enumerate(CALLS)])
def test_no_marked_secret_leaves_a_handler(
    functions: Functions, captured: Captured, function: str, event: dict[str, Any], fails: str
) -> None:
    for operation in FAILING[fails]:
        bug = RuntimeError(EVERYTHING)
        bug.__cause__ = KeyError(EVERYTHING)
        functions.relay.store.trouble.before(operation, bug)
        functions.relay.audit.trouble.before("entries", bug)
        functions.relay.shared_token.trouble.before("read", bug)

    response = functions.call(function, _marked(event))

    captured.text("answer", json.dumps(response))
