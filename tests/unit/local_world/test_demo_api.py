"""The API client, over real HTTP to a server that keeps its requests."""

import hashlib
from collections.abc import Iterator

import pytest

from local.api import Answer, ApiClient
from local.genesys.remote import RemoteSimulator
from local.genesys.serving import running
from local.sink import create_app
from local.world.state import Stack


@pytest.fixture
def url() -> Iterator[str]:
    with running(create_app()) as url:
        yield url


def stack(url: str) -> Stack:
    return Stack(
        api_url=f"{url}/stage",
        endpoint_url=url,
        region="eu-west-1",
        access_key_id="AKIAEXAMPLE",
        secret_access_key="secret",
        genesys_url=url,
        sink_url=url,
        webhook_secret="",
        delivery_secret="",
        outputs={},
        pids=[],
    )


def test_a_submission_is_signed_for_execute_api(url: str) -> None:
    with ApiClient(stack(url)) as api, RemoteSimulator(url) as sink:
        answer = api.submit({"inputs": {"name": "Zoë"}}, **{"Idempotency-Key": "1"})
        (received,) = sink.call("GET", "/_control/deliveries").json()["deliveries"]

    assert answer.status == 200
    assert answer.milliseconds > 0
    assert received["path"] == "/stage/executions"
    assert received["json"] == {"inputs": {"name": "Zoë"}}
    assert received["headers"]["idempotency-key"] == "1"
    assert received["headers"]["content-type"] == "application/json"
    authorization = received["headers"]["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
    assert "/eu-west-1/execute-api/aws4_request" in authorization


def test_bytes_that_are_no_json_can_be_sent(url: str) -> None:
    body = b"\xff{"

    with ApiClient(stack(url)) as api, RemoteSimulator(url) as sink:
        api.call("POST", "/executions", body=body)
        (received,) = sink.call("GET", "/_control/deliveries").json()["deliveries"]

    assert received["json"] is None
    assert received["headers"]["content-length"] == str(len(body))
    assert hashlib.sha256(received["body"].encode()).digest() == hashlib.sha256("\ufffd{".encode()).digest()


def test_a_status_is_no_exception(url: str) -> None:
    with ApiClient(stack(url)) as api:
        assert api.execution("1").status == 405


def test_an_answer_is_json_or_text() -> None:
    assert Answer(200, {}, b'{"a": 1}', 1).document == {"a": 1}
    assert Answer(502, {}, b"bad gateway", 1).document == "bad gateway"
    assert Answer(200, {"content-type": "application/json; charset=utf-8"}, b"", 1).media_type == "application/json"
