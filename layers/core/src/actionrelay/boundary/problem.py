"""Problem documents (RFC 9457), bounded so that an answer is never much larger than its request."""

import json
from collections.abc import Sequence
from typing import NotRequired, TypedDict

from actionrelay.errors import (
    ActionRelayError,
    InvalidRequestError,
    PreflightFailedError,
    QueueUnavailableError,
    WrongStateError,
)
from actionrelay.fault import MAX_DETAIL_LENGTH, Fault, FaultCode, cut
from actionrelay.preflight.document import CheckDocument, check_document

MAX_CYCLE_NAMES = 100
"""Names of a cycle's path that are shown, from its beginning and its end."""
MAX_CYCLE_NAME = 128
"""Characters of each. One fault stays far below ``MAX_PROBLEM_BYTES``, so the first is always listed."""
MAX_PROBLEM_BYTES = 256 * 1_024
_RESERVED_BYTES = 16 * 1_024
"""For everything in a problem except its faults."""


class FaultDocument(TypedDict):
    """One thing that is wrong with a request."""

    pointer: str
    """Where, as a JSON pointer (RFC 6901); empty for the request as a whole."""
    code: FaultCode
    detail: str
    path: NotRequired[list[str]]
    """For `cycle`: the names on it, closed."""


class ProblemDocument(TypedDict):
    """An error (RFC 9457)."""

    type: str
    """`urn:actionrelay:problem:` and the code."""
    title: str
    status: int
    detail: str
    code: str
    """For programs; stable."""
    traceId: str
    """The request's `extendedRequestId` at API Gateway, for finding it in the logs; not the execution's `traceId`."""
    errors: NotRequired[list[FaultDocument]]
    """For `invalid_request`: every fault."""
    executionId: NotRequired[str]
    """For `queue_unavailable`: the id with which a repeat completes what was recorded."""
    workflowId: NotRequired[str]
    """The same, for a workflow."""
    allowed: NotRequired[list[str]]
    """For `wrong_state`: what can be decided instead, such as `retry`."""
    checks: NotRequired[list[CheckDocument]]
    """For `preflight_failed`: every check."""


def problem_document(error: ActionRelayError, trace_id: str) -> ProblemDocument:
    """Describe an error, for invalid input with every fault up to the bounds above."""
    document: ProblemDocument = {
        "type": f"urn:actionrelay:problem:{error.code}",
        "title": error.title,
        "status": error.http_status,
        "detail": cut(error.message, MAX_DETAIL_LENGTH),
        "code": error.code,
        "traceId": trace_id,
    }
    if isinstance(error, InvalidRequestError):
        listed = _listed(error.faults)
        document["errors"] = listed
        if len(listed) < len(error.faults):
            unlisted = error.count - len(listed)
            document["detail"] = (
                f"{error.count} faults found: the first {len(listed)}, and {unlisted} more that are not listed"
            )
    if isinstance(error, QueueUnavailableError) and error.execution_id:
        document["executionId"] = error.execution_id
    if isinstance(error, QueueUnavailableError) and error.workflow_id:
        document["workflowId"] = error.workflow_id
    if isinstance(error, WrongStateError):
        document["allowed"] = list(error.allowed)
    if isinstance(error, PreflightFailedError):
        document["checks"] = [check_document(check) for check in error.checks]
    return document


def _listed(faults: Sequence[Fault]) -> list[FaultDocument]:
    listed: list[FaultDocument] = []
    left = MAX_PROBLEM_BYTES - _RESERVED_BYTES
    for fault in faults:
        document = _fault(fault)
        left -= len(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if left < 0:
            break
        listed.append(document)
    return listed


def _fault(fault: Fault) -> FaultDocument:
    document: FaultDocument = {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
    if fault.path:
        document["path"] = _cycle(fault.path)
    return document


def _cycle(path: Sequence[str]) -> list[str]:
    names = [cut(name, MAX_CYCLE_NAME) for name in path[: MAX_CYCLE_NAMES - 1]]
    left_out = ["…"] if len(path) > MAX_CYCLE_NAMES else []
    return [*names, *left_out, *(cut(name, MAX_CYCLE_NAME) for name in path[MAX_CYCLE_NAMES - 1 :][-1:])]
