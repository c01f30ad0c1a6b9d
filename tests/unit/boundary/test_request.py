"""Reading a request as API Gateway passes it on."""

import base64
from typing import Any

import pytest

from actionrelay.boundary.request import caller_of, is_dry_run, read_request, trace_id_of
from actionrelay.errors import MalformedJsonError

ARN = "arn:aws:iam::123456789012:user/ops"
SESSION = "arn:aws:sts::123456789012:assumed-role/sales-callers/anything"


def test_body_headers_and_parameters_are_read() -> None:
    request = read_request(
        {
            "body": "grüße",
            "headers": {"X-One": "last", "Single": "s"},
            "multiValueHeaders": {"X-One": ["first", "last"], "x-one": ["third"], "Empty": None},
            "queryStringParameters": {"dryRun": "true"},
            "pathParameters": {"executionId": "x"},
            "requestContext": {"path": "/v1/executions"},
        }
    )
    assert request.body == "grüße".encode()
    assert request.headers == {"x-one": ("first", "last", "third"), "single": ("s",)}
    assert (request.header("X-ONE"), request.header("single"), request.header("none")) == ("third", "s", None)
    assert (request.path, request.path_parameters) == ("/v1/executions", {"executionId": "x"})
    assert request.flag("dryRun")
    assert not request.flag("other")


def test_an_event_with_nothing_in_it_is_an_empty_request() -> None:
    request = read_request({"body": None, "headers": None, "multiValueHeaders": None, "requestContext": None})
    assert (request.body, request.headers, request.query, request.caller) == (b"", {}, {}, None)
    assert request.trace_id


def test_a_binary_body_is_the_bytes_that_were_sent() -> None:
    raw = b"\xff\x00\xfe"
    assert read_request({"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}).body == raw


@pytest.mark.parametrize("body", ["no base64!", "ü", "abc"])
def test_a_body_that_is_not_the_base64_it_claims_is_malformed(body: str) -> None:
    with pytest.raises(MalformedJsonError):
        read_request({"body": body, "isBase64Encoded": True})


@pytest.mark.parametrize(
    ("identity", "caller"),
    [
        ({"userArn": ARN, "apiKeyId": "key-1"}, ARN),
        # Of an assumed role: its own name, and the session's, which its user chooses.
        ({"userArn": SESSION, "user": "AROAEXAMPLE:anything", "caller": "AROAEXAMPLE:anything"}, SESSION),
        ({"userArn": None, "apiKeyId": "key-1"}, "key-1"),
        ({"userArn": "", "apiKeyId": "key-1"}, "key-1"),
        ({"userArn": None, "apiKeyId": None, "sourceIp": "192.0.2.7"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_caller_is_who_signed_or_whose_key_it_was(identity: dict[str, Any] | None, caller: str | None) -> None:
    assert caller_of({"requestContext": {"identity": identity}}) == caller


def test_the_trace_id_is_the_one_that_no_client_can_choose() -> None:
    context = {"requestId": "chosen by the client", "extendedRequestId": "JJbxnHHVIAMEjCQ="}
    assert trace_id_of({"requestContext": context}) == "JJbxnHHVIAMEjCQ="


@pytest.mark.parametrize("missing", [{}, {"extendedRequestId": None}, {"extendedRequestId": ""}])
def test_where_a_local_server_makes_none_another_id_is_used(missing: dict[str, Any]) -> None:
    assert trace_id_of({"requestContext": {"requestId": "r", **missing}}) == "r"
    assert trace_id_of({"requestContext": missing}) != trace_id_of({"requestContext": missing})


@pytest.mark.parametrize(
    ("query", "is_one"),
    [
        ({"queryStringParameters": {"dryRun": "true"}}, True),
        ({"multiValueQueryStringParameters": {"dryRun": ["true"]}}, True),
        ({"multiValueQueryStringParameters": {"dryRun": ["true", "false"]}}, False),
        ({"multiValueQueryStringParameters": {"dryrun": ["true"]}}, False),
        ({"queryStringParameters": {"dryRun": "maybe"}}, False),
        ({}, False),
    ],
)
def test_a_dry_run_is_one_that_asks_for_nothing_else(query: dict[str, Any], is_one: bool) -> None:
    assert is_dry_run(query) is is_one
