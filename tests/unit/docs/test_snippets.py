"""The snippets of the documents, run with the code that they are about."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actionrelay.audit.document import audit_document
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, PayloadRef, Status
from actionrelay.operate.bodies import Resolution
from actionrelay.schemas import read
from actionrelay.webhooks.keys import key_of_receiver, parse_secret, parse_secrets
from actionrelay.webhooks.signatures import StandardWebhooks
from tests.unit.docs.documents import README, RUNBOOK, Document
from tests.unit.docs.receivers import KEYS, RECEIVERS, Receiver

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


@pytest.fixture(params=RECEIVERS)
def is_authentic(request: pytest.FixtureRequest) -> Receiver:
    return RECEIVERS[request.param]


def test_the_receivers_check_takes_what_we_sign(is_authentic: Receiver) -> None:
    assert is_authentic(signed(SECRET), BODY, [SECRET])


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff\n\n", b"%s \\ $HOME `id` '\"" * 1_000], ids=["empty", "binary", "long"]
)
def test_the_receivers_check_takes_the_bytes_as_they_are(is_authentic: Receiver, body: bytes) -> None:
    headers = StandardWebhooks.headers([parse_secret(SECRET)], "0d9f-completed", int(time.time()), body)
    assert is_authentic(headers, body, [SECRET])
    assert not is_authentic(headers, body + b"\n", [SECRET])


def test_the_receivers_check_takes_either_rotating_secret(is_authentic: Receiver) -> None:
    assert is_authentic(signed(SECRET, OTHER), BODY, [OTHER])
    assert is_authentic(signed(OTHER), BODY, [SECRET, OTHER])


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "another"},
        {"webhook-id": ""},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "a[$(id)]"},
        {"webhook-timestamp": "9" * 40},
        {"webhook-signature": ""},
        {"webhook-signature": "*"},
        {"webhook-signature": "v1,*"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1,AAAA"},
    ],
    ids=str,
)
def test_the_receivers_check_refuses_headers_that_were_changed(is_authentic: Receiver, changed: dict[str, str]) -> None:
    assert not is_authentic(signed(SECRET) | changed, BODY, [SECRET])


def test_the_receivers_check_refuses_what_is_not_authentic(is_authentic: Receiver) -> None:
    assert not is_authentic(signed(SECRET), BODY + b" ", [SECRET])
    assert not is_authentic(signed(SECRET), BODY, [OTHER])
    assert not is_authentic(signed(SECRET, at=time.time() - 301), BODY, [SECRET])
    assert not is_authentic(signed(SECRET, at=time.time() + 310), BODY, [SECRET])
    assert not is_authentic({}, BODY, [SECRET])


@pytest.mark.parametrize("language", KEYS)
@pytest.mark.parametrize("host", ["hooks.example.com", "127.0.0.1", "::1", "xn--bcher-kva.example"])
def test_the_line_for_a_receivers_key_gives_the_one_we_use(language: str, host: str) -> None:
    assert KEYS[language](SECRET, host) == key_of_receiver(parse_secret(SECRET), host).text


def test_the_secret_command_makes_a_usable_secret() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = subprocess.run(
        ["sh", "-c", README.snippet("signing-secret")], capture_output=True, text=True, check=True
    ).stdout

    (secret,) = parse_secrets(made)

    assert len(secret.key) == 32


# -- Runbook: decide about an execution ---------------------------------------------------------------------------


@pytest.fixture
def decided(tmp_path: Path) -> Callable[..., list[str]]:
    """Types the runbook's command in a shell whose curl prints what it is given, one line each."""
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    curl.chmod(0o755)

    def run(call: str, **variables: str) -> list[str]:
        shell = {"PATH": f"{tmp_path}:{os.defpath}", "ACTIONRELAY_URL": "https://api.test/v1", **variables}
        script = RUNBOOK.snippet("decide") + call
        return subprocess.run(
            ["sh", "-c", script], env=shell, capture_output=True, text=True, check=True
        ).stdout.splitlines()

    return run


def test_the_operators_command_posts_one_document(decided: Callable[..., list[str]]) -> None:
    document = '{"status": "completed", "result": {"total": 1082.5}, "note": "found in the CRM"}'

    given = decided(f"decide 0d9f resolve '{document}'")

    assert given[given.index("--request") + 1] == "POST"
    assert "https://api.test/v1/executions/0d9f/resolve" in given
    assert given[given.index("--data") + 1] == document
    assert not any("token" in argument for argument in given)


def test_the_operators_command_sends_a_session_token(decided: Callable[..., list[str]]) -> None:
    given = decided("decide 0d9f retry", AWS_SESSION_TOKEN="a/b+c=")

    assert given[given.index("x-amz-security-token: a/b+c=") - 1] == "--header"
    assert given[given.index("--data") + 1] == ""


def test_the_operators_documents_are_resolutions() -> None:
    written = re.findall(r"`decide \"\$ID\" resolve '([^']+)'`", RUNBOOK.text)

    assert [json.loads(document)["status"] for document in written] == ["completed", "failed"]
    for document in written:
        assert isinstance(read(Resolution, json.loads(document)), Resolution)


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
        queued_at=1_795_464_876_007,
    )
    now = execution.created_at + 1_234
    claimed = ledger.claim(ledger.accept(execution), "attempt", now, now + 90_000)
    error = ExecutionError("no_answer", "no answer came", None, "correlation")
    unknown = ledger.settle(claimed, Outcome(Status.UNKNOWN, error=error), now + 5_999, latency_ms=4_765)
    result = PayloadRef("result", 3, "e" * 64, b"inline")
    found = Outcome(Status.COMPLETED, result=result)
    ended = ledger.resolve(unknown, found, now + 9_000, "arn:aws:iam::123456789012:user/é", "found in the CRM")
    entries = [audit_document(entry) for entry in ended.audit.owed]
    documents: list[dict[str, Any]] = json.loads(json.dumps(entries))
    return documents


def test_the_script_finds_an_untouched_trail_whole(broken_at: Callable[..., int | None]) -> None:
    assert len(trail()) == 5
    assert broken_at(trail()) is None


@pytest.mark.parametrize("field", sorted(trail()[0]))
def test_the_script_finds_a_change_of_any_field(broken_at: Callable[..., int | None], field: str) -> None:
    entries = trail()
    entries[2][field] = "2026-01-01T00:00:00.000Z" if field in {"timestamp", "acceptedAt"} else "changed"
    assert broken_at(entries) == 3


def test_the_script_finds_missing_or_misplaced_entries(broken_at: Callable[..., int | None]) -> None:
    first, second, *rest = trail()
    assert broken_at([second, *rest]) == 1
    assert broken_at([first, *rest]) == 2
    assert broken_at([first, *rest[:1], second]) == 2
