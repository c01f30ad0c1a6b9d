"""API Gateway's proxy events: reads a request, and finds what its route does not accept."""

import base64
import binascii
import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from actionrelay.boundary.routes import FLAGS, LIST_HEADERS, SINGLE_HEADERS, WAIT_FORM, WAITS, Route
from actionrelay.errors import MalformedJsonError, UnsupportedMediaTypeError
from actionrelay.fault import Fault
from actionrelay.likely_name import likely_name
from actionrelay.strict_json import pointer

_UTF8 = {"utf-8", "utf8"}
_CHARSET = re.compile(r";[ \t]*charset[ \t]*=[ \t]*(\"[^\"]*\"|[^;]*)", re.IGNORECASE)
_EPOCH_MS = 10**12
"""A time since the epoch of at least this is in ms."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, with its body as the bytes that were sent."""

    body: bytes = field(repr=False)
    headers: Mapping[str, tuple[str, ...]] = field(repr=False)
    """By lower-case name; a repeated header has several values."""
    query: Mapping[str, str]
    path_parameters: Mapping[str, str]
    path: str
    """As the caller sent it, with stage or base path, without the query."""
    trace_id: str
    """The request's id, made by API Gateway."""
    caller: str | None
    """The ARN of the principal that signed the request, or the id of its API key, by API Gateway."""
    received_at: int | None = None
    """When API Gateway received the request (ms); None if it does not say."""

    @property
    def execution_id(self) -> str:
        """The execution that the path names."""
        return self.path_parameters["executionId"]

    @property
    def workflow_id(self) -> str:
        """The workflow that the path names."""
        return self.path_parameters["workflowId"]

    def header(self, name: str) -> str | None:
        """Return the last value of a header."""
        values = self.headers.get(name.lower())
        return values[-1] if values else None

    def listed(self, name: str) -> str:
        """Return a header that is a list, its lines as one (RFC 9110, 5.3)."""
        return ", ".join(filter(None, self.headers.get(name.lower(), ())))

    def flag(self, name: str) -> bool:
        """Return a flag of the query; false if absent. ``request_faults`` has checked its form."""
        return self.query.get(name) == "true"


def read_request(event: Mapping[str, Any]) -> HttpRequest:
    """Read a REST API proxy event.

    Raises:
        MalformedJsonError: the body is marked as base64 and isn't.
    """
    context = event.get("requestContext") or {}
    return HttpRequest(
        body=read_body(event),
        headers=_headers(event),
        query=event.get("queryStringParameters") or {},
        path_parameters=event.get("pathParameters") or {},
        path=str(context.get("path") or f"/{context.get('stage', 'v1')}{event.get('path', '')}"),
        caller=caller_of(event),
        trace_id=trace_id_of(event),
        received_at=_received_at(context),
    )


def _received_at(context: Mapping[str, Any]) -> int | None:
    said = context.get("requestTimeEpoch")
    # `sam local start-api` gives seconds.
    return said if isinstance(said, int) and said >= _EPOCH_MS else None


def trace_id_of(event: Mapping[str, Any]) -> str:
    """Return the id by which a request is found in the logs and in the audit.

    It is ``extendedRequestId``, which only API Gateway makes. A client can choose ``requestId`` (by sending
    ``x-amzn-RequestId``), so that is used only if a local server leaves the other out.
    """
    context = event.get("requestContext") or {}
    return str(context.get("extendedRequestId") or context.get("requestId") or uuid.uuid4())


def caller_of(event: Mapping[str, Any]) -> str | None:
    """Return the ARN of the principal that signed a request, or the id of its API key; None if there is neither."""
    identity = _identity(event)
    found = identity.get("userArn") or identity.get("apiKeyId")
    return str(found) if found else None


def is_operator(event: Mapping[str, Any], operator_keys: Collection[str]) -> bool:
    """Whether a request may use an operator's route.

    If there are operators' API keys: whether it has one of them. Otherwise: whether it is signed, since then IAM has
    allowed it.
    """
    identity = _identity(event)
    return identity.get("apiKeyId") in operator_keys if operator_keys else bool(identity.get("userArn"))


def _identity(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what API Gateway knows about the caller."""
    return (event.get("requestContext") or {}).get("identity") or {}


def read_body(event: Mapping[str, Any]) -> bytes:
    """Return the bytes of a body.

    Raises:
        MalformedJsonError: it is marked as base64 and isn't.
    """
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedJsonError("the body is marked as base64 and isn't") from None


def is_dry_run(event: Mapping[str, Any]) -> bool:
    """Whether a request asks unambiguously for a dry run."""
    return _query(event).get("dryRun") == ["true"]


def check_media(request: HttpRequest) -> None:
    """Check that a body has the coding identity and the charset UTF-8 (RFC 9110, 15.5.16).

    Raises:
        UnsupportedMediaTypeError: it has another one; the message names it.
    """
    codings = [coding.strip() for value in request.headers.get("content-encoding", ()) for coding in value.split(",")]
    for coding in codings:
        if coding.lower() not in {"", "identity"}:
            raise UnsupportedMediaTypeError(f"the body has the Content-Encoding {_short(coding)}; send it without one")
    for value in request.headers.get("content-type", ()):
        for charset in _CHARSET.findall(value):
            if charset.strip(' \t"').lower() not in _UTF8:
                raise UnsupportedMediaTypeError(f"the body has the charset {_short(charset)}; JSON is UTF-8 (RFC 8259)")


def request_faults(route: Route, event: Mapping[str, Any], request: HttpRequest) -> tuple[Fault, ...]:
    """Return what a route refuses: unknown or invalid parameters, and repeated parameters and headers."""
    return (*query_faults(route, event), *_header_faults(route, request.headers))


def query_faults(route: Route, event: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with the query of a request."""
    for name, values in _query(event).items():
        place = pointer("query", name)
        if name not in route.query:
            yield Fault(place, "schema", f"unknown parameter{_likely(name, route.query)}")
        elif len(values) > 1:
            yield Fault(place, "schema", f"is given {len(values)} times; once is allowed")
        elif name in FLAGS and values[0] not in {"true", "false"}:
            # A guess could run what was meant as a dry run.
            yield Fault(place, "schema", "must be true or false")
        elif name in WAITS and not re.fullmatch(WAIT_FORM, values[0], re.ASCII):
            yield Fault(place, "schema", "must be a whole number of seconds, from 1 to 20")


def _header_faults(route: Route, headers: Mapping[str, tuple[str, ...]]) -> Iterator[Fault]:
    for name in dict.fromkeys((*SINGLE_HEADERS, *route.headers)):
        values = headers.get(name.lower(), ())
        if len(values) > 1 and name not in LIST_HEADERS:
            yield Fault(pointer("header", name), "schema", f"is given {len(values)} times; once is allowed")


def _likely(name: str, known: tuple[str, ...]) -> str:
    """Say which parameter was probably meant, or which ones there are."""
    if likely := likely_name(name, known):
        return f"; did you mean {likely}?"
    return f"; there are {', '.join(known)}" if known else "; there are none here"


def _short(text: str) -> str:
    """Quote the beginning of what a caller sent, in ASCII."""
    return f"{text[:40]!a}"


def _query(event: Mapping[str, Any]) -> dict[str, list[str]]:
    multiple = event.get("multiValueQueryStringParameters")
    if multiple:
        return {str(name): [str(value) for value in values or [""]] for name, values in multiple.items()}
    return {str(name): [str(value)] for name, value in (event.get("queryStringParameters") or {}).items()}


def _headers(event: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    collected: dict[str, tuple[str, ...]] = {}
    for name, value in (event.get("headers") or {}).items():
        collected[name.lower()] = (str(value),)
    multiple: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    merged: dict[str, tuple[str, ...]] = {}
    for name, values in multiple.items():
        merged[name.lower()] = (*merged.get(name.lower(), ()), *(str(value) for value in values or []))
    return collected | {name: values for name, values in merged.items() if values}
