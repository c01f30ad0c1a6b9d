"""The HTTP boundary: passes an event to the handler of its route, and forms the answer (RFC 9457 for errors)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from actionrelay.boundary.problem import problem_document
from actionrelay.boundary.request import (
    HttpRequest,
    caller_of,
    check_media,
    is_dry_run,
    is_operator,
    query_faults,
    read_body,
    read_request,
    request_faults,
    trace_id_of,
)
from actionrelay.boundary.routes import WAITS, Access, Route, route_of
from actionrelay.errors import (
    ActionRelayError,
    BacklogFullError,
    CallerUnknownError,
    DependencyError,
    InvalidRequestError,
    MalformedJsonError,
    OperatorsOnlyError,
    UnauthenticWebhookError,
    UnsupportedMediaTypeError,
)
from actionrelay.fault import Fault
from actionrelay.json_text import to_text
from actionrelay.ledger.document import without_result
from actionrelay.signals import Count
from actionrelay.strict_json import as_json
from actionrelay.wiring.gateway import operator_keys, proves_no_caller
from actionrelay.wiring.telemetry import log_bug, log_refusal, logger, on_every_line, telemetry

PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = "2"
MAX_ANSWER_BYTES = 6 * 1_024 * 1_024 - 65_536
"""Lambda returns at most 6 MB, with the body as a JSON string inside an envelope."""

type Handler = Callable[[HttpRequest], dict[str, Any]]
type Check = Callable[[HttpRequest], object]


def answer(status: int, document: object, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Form an answer for API Gateway. An execution whose result is too large is shown without it."""
    body = to_text(document)
    if isinstance(document, dict) and "result" in document and not _fits(body):
        body = to_text(without_result(document))
    return text(status, body, {"Content-Type": "application/json", **(headers or {})})


def reading(read: Callable[[HttpRequest], object]) -> Handler:
    """Make a handler that answers 200 with what ``read`` returns."""
    return lambda request: answer(200, read(request))


def text(status: int, body: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Form an answer from a body that is text; ``headers`` name its type."""
    return {
        "statusCode": status,
        "headers": {"Cache-Control": "no-store", **headers},
        "body": body,
        "isBase64Encoded": False,
    }


def _fits(body: str) -> bool:
    # Measured only where it can matter: quotes and backslashes double, and a character has at most four bytes.
    return len(body) < MAX_ANSWER_BYTES // 4 or len(to_text(body).encode("utf-8", "surrogatepass")) <= MAX_ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was refused."""

    operation: str
    """Its route's."""
    error: ActionRelayError
    trace_id: str
    """The problem's."""
    body: bytes = field(repr=False)
    """As sent; invalid base64 is not decoded."""
    is_dry_run: bool
    caller: str | None


def serve(
    event: Mapping[str, Any],
    handlers: Mapping[str, Handler],
    refused: Callable[[Refusal], None] | None = None,
    checks: Mapping[str, Check] | None = None,
) -> dict[str, Any]:
    """Answer one event. What a handler raises becomes a problem document, never a stack trace.

    ``handlers`` are those of one function, by operation. A request with a parameter or header that its route
    (``boundary.routes``) refuses does not reach them. ``checks`` find what else is wrong with that request, without
    changing anything; each route with a body needs one. For a GET without one, the handler itself is the check.

    ``refused`` is called for each of our errors, after the answer is decided.
    """
    trace_id = trace_id_of(event)
    # The problem has the request's trace id. So has the log, until the request's execution is known.
    with on_every_line(request_id=trace_id, trace_id=trace_id):
        try:
            return _handle(event, handlers, checks or {})
        except ActionRelayError as error:
            log_refusal(logger(), error)
            telemetry().count(Count.REQUESTS_REFUSED, error.code)
            if refused is not None:
                _report(refused, error, event, trace_id)
            return problem(error, trace_id)
        except Exception as error:  # noqa: BLE001 - last line of defence: a caller never sees a stack trace
            log_bug(logger(), error)
            telemetry().count(Count.REQUESTS_REFUSED, ActionRelayError.code)
            return problem(ActionRelayError("an unexpected error; the log has it under this trace id"), trace_id)


def _handle(event: Mapping[str, Any], handlers: Mapping[str, Handler], checks: Mapping[str, Check]) -> dict[str, Any]:
    route = _route(event)
    if route is None or route.operation not in handlers:
        raise LookupError("API Gateway routed a request to this function that the table of routes does not")
    if not proves_no_caller():
        _check_access(route, event)
    if route.proof:
        if unknown := tuple(query_faults(route, event)):
            raise InvalidRequestError(unknown)
        # The signature covers the raw bytes. No header is checked before it, so that no authentic result is lost.
        return handlers[route.operation](_read_signed(event))
    request = read_request(event)
    check_media(request)
    if faults := request_faults(route, event, request):
        check = checks.get(route.operation) or (handlers[route.operation] if route.method == "GET" else None)
        raise _with_further(faults, check, request)
    return handlers[route.operation](request)


def _read_signed(event: Mapping[str, Any]) -> HttpRequest:
    try:
        return read_request(event)
    except MalformedJsonError:
        raise UnauthenticWebhookError("malformed_body") from None


def _check_access(route: Route, event: Mapping[str, Any]) -> None:
    caller = caller_of(event)
    if route.access is not Access.OPEN and caller is None:
        raise CallerUnknownError("API Gateway reports neither a signature nor an API key for this request")
    if route.access is Access.OPERATOR and not is_operator(event, operator_keys()):
        raise OperatorsOnlyError("this route is for operators; the API key is a caller's", caller=caller)


def _with_further(faults: tuple[Fault, ...], check: Check | None, request: HttpRequest) -> InvalidRequestError:
    """Find what else is wrong with a request, so that one answer lists everything. It never waits."""
    query = {name: value for name, value in request.query.items() if name not in WAITS}
    try:
        if check is not None:
            check(replace(request, query=query))
    except InvalidRequestError as error:
        known = {fault.pointer for fault in faults}
        further = tuple(fault for fault in error.faults if fault.pointer not in known)
        unlisted = error.count - len(error.faults)
        return InvalidRequestError((*faults, *further), len(faults) + len(further) + unlisted)
    except ActionRelayError:
        pass  # the faults that are known stay, whatever the check could not find out
    return InvalidRequestError(faults)


def _route(event: Mapping[str, Any]) -> Route | None:
    return route_of(str(event.get("httpMethod")), str(event.get("resource")))


def _report(
    refused: Callable[[Refusal], None], error: ActionRelayError, event: Mapping[str, Any], trace_id: str
) -> None:
    try:
        body = read_body(event)
    except MalformedJsonError:
        body = str(event.get("body")).encode("utf-8", "surrogatepass")
    route = _route(event)
    operation = route.operation if route else ""
    try:
        refused(Refusal(operation, error, trace_id, body, is_dry_run(event), caller_of(event)))
    except Exception as bug:  # noqa: BLE001 - the caller's answer is already decided
        log_bug(logger(), bug)


def problem(error: ActionRelayError, trace_id: str) -> dict[str, Any]:
    """Answer with a problem document (RFC 9457)."""
    headers = {"Content-Type": PROBLEM}
    if isinstance(error, DependencyError) and error.http_status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    if isinstance(error, BacklogFullError):
        headers["Retry-After"] = str(error.retry_after_s or RETRY_AFTER_SECONDS)
    if isinstance(error, UnsupportedMediaTypeError):
        headers["Accept-Encoding"] = "identity"  # RFC 9110, 15.5.16
    return answer(error.http_status, as_json(problem_document(error, trace_id)), headers)
