"""The whole of `validate`, from API Gateway's event to its answer, with AWS answering at once.

botocore writes and reads every request as in Lambda; what it would send is answered in this process.
"""

import json
import os
from collections.abc import Callable
from typing import Any, cast

from botocore.awsrequest import AWSResponse

from actionrelay.wiring import process
from actionrelay.wiring.settings import ValidateSettings
from functions.validate.app import lambda_handler

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
    "POWERTOOLS_METRICS_NAMESPACE": "benchmark",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "POWERTOOLS_METRICS_DISABLED": "true",
}
_SETTINGS = {
    "GENESYS_API": "data-actions",
    "MAX_PAYLOAD_BYTES": "512000",
    "MAX_INPUT_DEPTH": "5",
    "RESULT_CACHE_SECONDS": "300",
    "AUDIT_RETENTION_DAYS": "365",
    "EXECUTION_RETENTION_DAYS": "30",
    "ALLOW_PRIVATE_WEBHOOKS": "false",
    "WEBHOOK_PORTS": "443",
    "CONTRACT_CHECK": "off",
    "REQUESTS_PER_MINUTE": "270",
    "MAX_BACKLOG": "0",
    "MAX_WAITING": "0",
}


_ANSWERS = {
    "Query": b'{"Items":[],"Count":0}',
    "GetQueueAttributes": json.dumps(
        {
            "Attributes": {
                "ApproximateNumberOfMessages": "0",
                "ApproximateNumberOfMessagesNotVisible": "0",
                "ApproximateNumberOfMessagesDelayed": "0",
            }
        }
    ).encode(),
}
"""Those that have to say something; the others are empty objects."""


class Answer:
    """What AWS sends back at once."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> list[bytes]:
        """Give the body in one piece."""
        return [self._body]


def handler() -> Callable[[bytes], int]:
    """Return a function that has a body taken in, and returns the status of the answer."""
    os.environ.update(_ENVIRONMENT)
    for name in ValidateSettings.__dataclass_fields__:
        os.environ.setdefault(name.upper(), _SETTINGS.get(name.upper(), "benchmark"))
    clients = process.aws()
    for client in (clients.dynamodb, clients.sqs, clients.s3):
        client.meta.events.register("before-send", cast("Any", _answered))

    def take_in(body: bytes) -> int:
        event = {
            "httpMethod": "POST",
            "resource": "/executions",
            "path": "/executions",
            "headers": {"Content-Type": "application/json"},
            "requestContext": {
                "path": "/v1/executions",
                "extendedRequestId": "benchmark",
                "identity": {"userArn": "arn:aws:iam::123456789012:user/benchmark"},
            },
            "body": body.decode(),
            "isBase64Encoded": False,
        }
        status: int = lambda_handler(event, cast("Any", _Context()))["statusCode"]
        return status

    return take_in


class _Context:
    function_name = "benchmark"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:benchmark"
    aws_request_id = "benchmark"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def _answered(request: Any, **_: object) -> AWSResponse:
    target = request.headers.get("X-Amz-Target", "")  # botocore signs a header as bytes
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    body = _ANSWERS.get(operation, b"{}") if operation else b""
    return AWSResponse(request.url, 200, cast("Any", {"Content-Type": "application/json"}), cast("Any", Answer(body)))
