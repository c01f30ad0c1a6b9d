"""Two Lambda functions for a state machine that waits for a token: `submit` submits, `receive` answers the task.

TOKENS_TABLE is a table with the key `executionId`, RECEIVER_URL the https address of `receive`, WEBHOOK_KEYS its keys.
"""

import base64
import json
import os
import uuid
from typing import Any

import boto3
from actionrelay_client import Client, WebhookError, verify_webhook

TOKENS = boto3.resource("dynamodb").Table(os.environ["TOKENS_TABLE"])
STEP_FUNCTIONS = boto3.client("stepfunctions")
CAUSE_LENGTH = 32_768
"""Characters of a cause that Step Functions takes."""


def submit(event: dict[str, Any], _context: object) -> str:
    """Submit `{token, actionId, inputs}`. The id comes from the token, so a repeat of this call runs nothing again."""
    execution_id = str(uuid.uuid5(uuid.NAMESPACE_URL, event["token"]))
    TOKENS.put_item(Item={"executionId": execution_id, "token": event["token"]})
    with Client() as relay:  # ACTIONRELAY_URL, and the function's role
        relay.submit(
            event["actionId"], event["inputs"], execution_id=execution_id, webhook_url=os.environ["RECEIVER_URL"]
        )
    return execution_id


def receive(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a webhook by API Gateway or a function URL. An error of AWS is a 5xx, and the webhook comes again."""
    body = base64.b64decode(event["body"]) if event.get("isBase64Encoded") else event["body"].encode()
    try:
        webhook = verify_webhook(event["headers"], body, os.environ["WEBHOOK_KEYS"].split())
    except WebhookError:
        return {"statusCode": 401}
    item = TOKENS.get_item(Key={"executionId": webhook.data["executionId"]}, ConsistentRead=True).get("Item")
    if item is not None:
        answer(str(item["token"]), webhook.type, webhook.data)
    return {"statusCode": 204}


def answer(token: str, outcome: str, execution: Any) -> None:
    """Answer a task. What is unknown leaves it open: what it came to in the end comes as another webhook."""
    errors = STEP_FUNCTIONS.exceptions
    try:
        if outcome == "execution.completed":
            STEP_FUNCTIONS.send_task_success(taskToken=token, output=json.dumps(execution["result"]))
        elif outcome == "execution.failed":
            error = execution["error"]
            STEP_FUNCTIONS.send_task_failure(
                taskToken=token, error=error["code"][:256], cause=error["message"][:CAUSE_LENGTH]
            )
    except (errors.InvalidToken, errors.TaskDoesNotExist, errors.TaskTimedOut):
        pass  # answered before, or the state machine has gone on
