"""The snippets of the documents, run against the code that they are about."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from actionrelay import ledger
from actionrelay.models import Execution, ExecutionError, Outcome, PayloadRef, Status
from actionrelay.signatures import StandardWebhooks, StandardWebhooksVerifier, parse_secret, parse_secrets
from actionrelay.views import audit_document
from tests.unit.docs.documents import README, RUNBOOK, Document

SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER = "whsec_" + "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
BODY = '{"type":"execution.completed","data":{"café":1}}'.encode()


def function(document: Document, snippet: str, name: str) -> Callable[..., Any]:
    """Run a snippet and return a function that it defines."""
    namespace: dict[str, Any] = {}
    exec(compile(document.snippet(snippet), f"{document.name}: {snippet}", "exec"), namespace)  # noqa: S102
    found: Callable[..., Any] = namespace[name]
    return found


# -- README: verify our webhook -----------------------------------------------------------------------------------


def signed(*secrets: str, at: float | None = None) -> dict[str, str]:
    """Return the headers that `deliver` sends with BODY."""
    moment = int(time.time() if at is None else at)
    return StandardWebhooks.headers([parse_secret(secret) for secret in secrets], "0d9f-completed", moment, BODY)


@pytest.fixture(scope="module")
def is_authentic() -> Callable[..., bool]:
    return function(README, "verify-webhook", "is_authentic")


def test_the_receivers_check_takes_what_we_sign(is_authentic: Callable[..., bool]) -> None:
    assert is_authentic(signed(SECRET), BODY, [SECRET])


def test_the_receivers_check_takes_either_secret_while_one_replaces_the_other(
    is_authentic: Callable[..., bool],
) -> None:
    assert is_authentic(signed(SECRET, OTHER), BODY, [OTHER])
    assert is_authentic(signed(OTHER), BODY, [SECRET, OTHER])


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "another"},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": "1"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1,AAAA"},
    ],
)
def test_the_receivers_check_refuses_headers_that_were_changed(
    is_authentic: Callable[..., bool], changed: dict[str, str]
) -> None:
    assert not is_authentic(signed(SECRET) | changed, BODY, [SECRET])


def test_the_receivers_check_refuses_another_body_another_secret_and_what_is_old(
    is_authentic: Callable[..., bool],
) -> None:
    assert not is_authentic(signed(SECRET), BODY + b" ", [SECRET])
    assert not is_authentic(signed(SECRET), BODY, [OTHER])
    assert not is_authentic(signed(SECRET, at=time.time() - 301), BODY, [SECRET])
    assert not is_authentic({}, BODY, [SECRET])


def test_the_command_for_a_signing_secret_makes_one_that_is_understood() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = subprocess.run(
        ["sh", "-c", README.snippet("signing-secret")], capture_output=True, text=True, check=True
    ).stdout

    (secret,) = parse_secrets(made)

    assert len(secret.key) == 32


# -- Runbook: resolve an unknown execution ------------------------------------------------------------------------


def test_the_operators_report_is_signed_as_the_receiver_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[urllib.request.Request] = []

    def urlopen(request: urllib.request.Request, timeout: float) -> BytesIO:
        sent.append(request)
        return BytesIO(b'{"status": "completed"}')

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    resolve = function(RUNBOOK, "resolve", "resolve")

    answer = resolve("https://api.test/v1", SECRET, {"executionId": "0d9f", "status": "completed", "result": 1})

    assert answer == {"status": "completed"}
    (request,) = sent
    assert (request.full_url, request.get_method()) == ("https://api.test/v1/webhooks/genesys", "POST")
    body = request.data
    assert isinstance(body, bytes)
    assert json.loads(body) == {"executionId": "0d9f", "status": "completed", "result": 1}
    headers = {name: [value] for name, value in request.header_items()}
    StandardWebhooksVerifier((parse_secret(SECRET),)).verify(headers, body, int(time.time()))


# -- Runbook: the audit chain -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def broken_at() -> Callable[..., int | None]:
    return function(RUNBOOK, "audit-chain", "broken_at")


def trail() -> list[dict[str, Any]]:
    """The audit trail of an execution, as the API returns it."""
    execution = Execution(
        execution_id="0d9f7f0e-6f0e-4a57-9d53-0f6f6f9f5f11",
        action_id="custom_-_é",
        trace_id="4f1c2d5e-7a0b-4f5e-8b53-9c3f3c1e2a77",
        content_hash="c",
        request=PayloadRef("key", 12, "d" * 64, b"inline"),
        timeout_ms=60_000,
        cache_key=None,
        webhook_url="https://hooks.example.com/é",
        repeatable=False,
        created_at=1_795_464_876_007,
        updated_at=1_795_464_876_007,
    )
    now = execution.created_at + 1_234
    claimed = ledger.claim(ledger.accept(execution), "attempt", now, now + 90_000)
    error = ExecutionError("no_answer", "nothing came back", None, "correlation")
    unknown = ledger.settle(claimed, Outcome(Status.UNKNOWN, error=error), now + 5_999, latency_ms=4_765)
    result = PayloadRef("result", 3, "e" * 64, b"inline")
    ended = ledger.settle(unknown, Outcome(Status.COMPLETED, result=result), now + 9_000, by_webhook=True)
    entries = [audit_document(entry) for entry in ended.pending_audit]
    documents: list[dict[str, Any]] = json.loads(json.dumps(entries))
    return documents


def test_the_script_finds_an_untouched_trail_whole(broken_at: Callable[..., int | None]) -> None:
    assert len(trail()) == 5
    assert broken_at(trail()) is None


@pytest.mark.parametrize("field", sorted(trail()[0]))
def test_the_script_finds_a_change_of_any_field(broken_at: Callable[..., int | None], field: str) -> None:
    entries = trail()
    entries[2][field] = "2026-01-01T00:00:00.000Z" if field == "timestamp" else "changed"
    assert broken_at(entries) == 3


def test_the_script_finds_entries_that_are_missing_or_out_of_order(broken_at: Callable[..., int | None]) -> None:
    first, second, *rest = trail()
    assert broken_at([second, *rest]) == 1
    assert broken_at([first, *rest]) == 2
    assert broken_at([first, *rest[:1], second]) == 2
