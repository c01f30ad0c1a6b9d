"""Calls the deployed API over HTTP, with and without a signature."""

import json
import re
import time
import uuid
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

from local.verify.facts import Doors, Reply
from local.verify.reading_aws import methods
from local.verify.target import Target

PATIENCE_SECONDS = 330.0
"""The longest wait for an execution: the longest timeout of a request, and half a minute."""
_TIMEOUT_SECONDS = 30.0
_ENDED = frozenset({"completed", "failed", "unknown", "cancelled"})
_ANY_ACTION = "00000000-0000-4000-8000-000000000000"


def doors(target: Target) -> Doors:
    """Call each route without a signature or key, and a path that the API does not have.

    Ids are made up. If a route were public, it would meet an empty request: nothing is written but a refusal.
    """
    replies = {each.route: _ask(target, each.verb, _made_up(each.path)) for each in methods(target)}
    return Doors(replies, _ask(target, "GET", f"/no-such-path-{uuid.uuid4().hex}"))


def health(target: Target) -> Reply:
    """Call the preflight."""
    return _ask(target, "GET", "/health?deep=true", signed=True)


def dry_run(target: Target) -> Reply:
    """Make a dry run of a request."""
    action = _ANY_ACTION if target.parameters.get("GenesysApi") != "integrations" else f"custom_-_{_ANY_ACTION}"
    return _ask(target, "POST", "/executions?dryRun=true", {"actionId": action, "inputs": {}}, signed=True)


def execution(target: Target, action: str, inputs: dict[str, Any]) -> Reply:
    """Run one action, uncached, and wait for its end. Only this writes."""
    request = {"actionId": action, "inputs": inputs, "cacheResults": False, "executionId": str(uuid.uuid4())}
    reply = _ask(target, "POST", "/executions", request, signed=True)
    ends = time.monotonic() + PATIENCE_SECONDS
    while reply.status in {200, 202} and reply.document["status"] not in _ENDED and time.monotonic() < ends:
        time.sleep(1)
        reply = _ask(target, "GET", f"/executions/{request['executionId']}", signed=True)
    return reply


def _ask(target: Target, verb: str, path: str, document: Any = None, *, signed: bool = False) -> Reply:
    """Send one request below the stage; raises urllib3's errors as they come."""
    body = None if document is None else json.dumps(document).encode()
    headers = {} if body is None else {"Content-Type": "application/json"}
    if signed:
        headers |= _proof(target, verb, path, body, headers)
    with urllib3.PoolManager(retries=False, timeout=_TIMEOUT_SECONDS) as pool:
        answer = pool.request(verb, target.api_url + path, body=body, headers=headers)
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
    try:
        read = json.loads(answer.data)
    except ValueError:
        read = None
    return Reply(answer.status, media_type, read)


def _proof(target: Target, verb: str, path: str, body: bytes | None, headers: dict[str, str]) -> dict[str, str]:
    if target.parameters.get("ApiAuth") == "API_KEY":
        _, identifier = target.resources["ApiKey"]
        key = target.client("apigateway").get_api_key(apiKey=identifier, includeValue=True)
        return {"x-api-key": key["value"]}
    credentials = target.session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    request = AWSRequest(verb, target.api_url + path, headers=headers, data=body)
    SigV4Auth(credentials.get_frozen_credentials(), "execute-api", target.session.region_name).add_auth(request)
    return dict(request.headers.items())


def _made_up(path: str) -> str:
    return re.sub(r"\{[^}]+\}", lambda _: str(uuid.uuid4()), path)
