"""The form of everything that is no success (RFC 9457)."""

from typing import NotRequired, TypedDict

from actionrelay.errors import FaultCode
from actionrelay.preflight.document import CheckDocument


class FaultDocument(TypedDict):
    """One thing that is wrong with a request."""

    pointer: str
    """Where, as a JSON pointer (RFC 6901); empty for the request as a whole."""
    code: FaultCode
    detail: str
    path: NotRequired[list[str]]
    """For `cycle`: the names on it, closed."""


class ProblemDocument(TypedDict):
    """Everything that is no success (RFC 9457)."""

    type: str
    """`urn:actionrelay:problem:` and the code."""
    title: str
    status: int
    detail: str
    code: str
    """For programs; stable."""
    traceId: str
    """The request's id at API Gateway, which finds it in the logs; not the execution's `traceId`."""
    errors: NotRequired[list[FaultDocument]]
    """For `invalid_request`: every fault."""
    executionId: NotRequired[str]
    """For `queue_unavailable`: the id under which a repeat finishes what was recorded."""
    allowed: NotRequired[list[str]]
    """For `wrong_state`: what can be decided instead, such as `retry`."""
    checks: NotRequired[list[CheckDocument]]
    """For `preflight_failed`: every check."""
