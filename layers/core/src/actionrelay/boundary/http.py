"""API Gateway's proxy events: what a request holds, and every answer's form (RFC 9457 for the bad ones)."""

import base64
import binascii
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from actionrelay.boundary.problem import FaultDocument, ProblemDocument
from actionrelay.errors import (
    ActionRelayError,
    DependencyError,
    Fault,
    InvalidRequestError,
    MalformedJsonError,
    PreflightFailedError,
    QueueUnavailableError,
    WrongStateError,
)
from actionrelay.json_text import spell
from actionrelay.ledger.document import without_result
from actionrelay.preflight.document import check_document
from actionrelay.signals import Count
from actionrelay.strict_json import as_json
from actionrelay.wiring.telemetry import log_bug, log_refusal, logger, on_every_line, telemetry

PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = "2"
MAX_ANSWER_BYTES = 6 * 1_024 * 1_024 - 65_536
"""Lambda hands back 6 MB at most, the envelope around a body included and the body spelled as a JSON string in it."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, with its body as the bytes that were sent."""

    body: bytes = field(repr=False)
    headers: Mapping[str, tuple[str, ...]] = field(repr=False)
    """By lower-case name; a header that came twice has two values."""
    query: Mapping[str, str]
    path_parameters: Mapping[str, str]
    resource: str
    request_id: str
    caller: str | None
    """Who signed the request, or whose API key came with it, as API Gateway found out."""

    def header(self, name: str) -> str | None:
        """Return the last value of a header."""
        values = self.headers.get(name.lower())
        return values[-1] if values else None

    def flag(self, name: str) -> bool:
        """Return a query parameter that is true or false; false when absent.

        Raises:
            InvalidRequestError: any other value; a guess could run what was meant to be tried.
        """
        value = self.query.get(name, "false")
        if value not in {"true", "false"}:
            raise InvalidRequestError((Fault("", "schema", f"the query parameter {name} must be true or false"),))
        return value == "true"


def read_request(event: Mapping[str, Any]) -> HttpRequest:
    """Read a REST API proxy event.

    Raises:
        MalformedJsonError: the body says that it is base64, and is not.
    """
    return HttpRequest(
        body=_body(event),
        headers=_headers(event),
        query=event.get("queryStringParameters") or {},
        path_parameters=event.get("pathParameters") or {},
        resource=str(event.get("resource", "")),
        caller=_caller((event.get("requestContext") or {}).get("identity") or {}),
        request_id=str((event.get("requestContext") or {}).get("requestId") or uuid.uuid4()),
    )


def answer(status: int, document: object, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Spell an answer for API Gateway; an execution whose result is too large for one is told without it."""
    body = spell(document)
    if isinstance(document, dict) and "result" in document and not _fits(body):
        body = spell(without_result(document))
    return text(status, body, {"Content-Type": "application/json", **(headers or {})})


def text(status: int, body: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Hand on a body that is spelled already; ``headers`` say what it is."""
    return {
        "statusCode": status,
        "headers": {"Cache-Control": "no-store", **headers},
        "body": body,
        "isBase64Encoded": False,
    }


def _fits(body: str) -> bool:
    # Measured only where it could matter: quotes and backslashes double, a character is four bytes at most.
    return len(body) < MAX_ANSWER_BYTES // 4 or len(spell(body).encode("utf-8", "surrogatepass")) <= MAX_ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was answered with a problem."""

    error: ActionRelayError
    trace_id: str
    """As the problem has it."""
    body: bytes = field(repr=False)
    """As sent; where it says that it is base64 and is not, as it came."""
    is_dry_run: bool
    caller: str | None


def serve(
    event: Mapping[str, Any],
    handle: Callable[[HttpRequest], dict[str, Any]],
    refused: Callable[[Refusal], None] | None = None,
) -> dict[str, Any]:
    """Answer one event; what ``handle`` raises becomes a problem document, never a stack trace.

    ``refused`` is told of each of our errors, after the answer is decided: nothing that it does changes it.
    """
    request_id = str((event.get("requestContext") or {}).get("requestId") or uuid.uuid4())
    # The problem's trace id is the request's. So is the log's, until it is known which execution the request is about.
    with on_every_line(request_id=request_id, trace_id=request_id):
        try:
            return handle(read_request(event))
        except ActionRelayError as error:
            log_refusal(logger(), error)
            telemetry().count(Count.REQUESTS_REFUSED, error.code)
            if refused is not None:
                _tell(refused, error, event, request_id)
            return problem(error, request_id)
        except Exception as error:  # noqa: BLE001 - the last line of defence: a caller never sees a stack trace
            log_bug(logger(), error)
            telemetry().count(Count.REQUESTS_REFUSED, ActionRelayError.code)
            return problem(ActionRelayError("an unexpected error; its trace id finds it in the log"), request_id)


def _tell(refused: Callable[[Refusal], None], error: ActionRelayError, event: Mapping[str, Any], trace_id: str) -> None:
    try:
        body = _body(event)
    except MalformedJsonError:
        body = str(event.get("body")).encode("utf-8", "surrogatepass")
    is_dry_run = (event.get("queryStringParameters") or {}).get("dryRun") == "true"
    caller = _caller((event.get("requestContext") or {}).get("identity") or {})
    try:
        refused(Refusal(error, trace_id, body, is_dry_run, caller))
    except Exception as bug:  # noqa: BLE001 - the caller's answer is decided, whatever goes wrong beside it
        log_bug(logger(), bug)


def problem(error: ActionRelayError, trace_id: str) -> dict[str, Any]:
    """Spell an error as RFC 9457 has it, with ``code``, ``traceId`` and, for invalid input, every fault."""
    document: ProblemDocument = {
        "type": f"urn:actionrelay:problem:{error.code}",
        "title": error.title,
        "status": error.http_status,
        "detail": error.message,
        "code": error.code,
        "traceId": trace_id,
    }
    if isinstance(error, InvalidRequestError):
        document["errors"] = [_fault(fault) for fault in error.faults]
    if isinstance(error, QueueUnavailableError) and (execution_id := error.context.get("execution_id")):
        document["executionId"] = str(execution_id)
    if isinstance(error, WrongStateError):
        document["allowed"] = list(error.allowed)
    if isinstance(error, PreflightFailedError):
        document["checks"] = [check_document(check) for check in error.checks]
    headers = {"Content-Type": PROBLEM}
    if isinstance(error, DependencyError) and error.http_status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    return answer(error.http_status, as_json(document), headers)


def _fault(fault: Fault) -> FaultDocument:
    document: FaultDocument = {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
    if fault.path:
        document["path"] = list(fault.path)
    return document


def _caller(identity: Mapping[str, Any]) -> str | None:
    found = identity.get("userArn") or identity.get("apiKeyId")
    return str(found) if found else None


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedJsonError("the body is not the base64 that it says it is") from None


def _headers(event: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    collected: dict[str, tuple[str, ...]] = {}
    for name, value in (event.get("headers") or {}).items():
        collected[name.lower()] = (str(value),)
    multiple: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    merged: dict[str, tuple[str, ...]] = {}
    for name, values in multiple.items():
        merged[name.lower()] = (*merged.get(name.lower(), ()), *(str(value) for value in values or []))
    return collected | {name: values for name, values in merged.items() if values}
