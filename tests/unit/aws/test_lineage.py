"""What Lambda's guard against recursive loops counts: the SDK passes the trace header on with each message, from the
threads of a batch too. So every wait extends its chain, and our code can't prevent that.
"""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

HEADER = "Root=1-6748a0f0-1234567890abcdef12345678;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:15"


class _Raw(io.BytesIO):
    """What botocore reads an answer's body from."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def test_the_sdk_hands_the_lineage_on_from_any_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "execute")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
    client = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="id", aws_secret_access_key="key")
    handed_on = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        handed_on.append(request.headers["X-Amzn-Trace-Id"])
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(b'{"MessageId": "one"}'))

    client.meta.events.register("before-send.sqs.SendMessage", answer)  # type: ignore[arg-type] # it may answer

    def send(body: str) -> None:
        client.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/queue", MessageBody=body)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(send, ["one", "two"]))
    assert {header.decode() if isinstance(header, bytes) else header for header in handed_on} == {HEADER}
